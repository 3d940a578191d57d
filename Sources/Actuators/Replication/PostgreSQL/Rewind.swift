import Runbook

/// `pg_rewind`: makes a data directory that went its own way a copy of the primary's again.
///
/// It overwrites settings, and once begun it must end: a data directory that was half rewound is none. So everything that a
/// second try needs is kept beside the data directory first: the settings, and that part of the log from which `pg_rewind`
/// learns what was changed. For as long as that is kept, the copy counts as lost, and its service stays disabled.
struct Rewind: Sendable {
  let host: ServerHost
  let primary: DatabaseCopy
  let `operator`: any Operator
  /// Its server died: it is to be recovered before it is rewound.
  var isCrashed = false

  private var commands: RewindCommands { RewindCommands(installation: host.installation) }

  static let checkpoint: SQLStatement = "CHECKPOINT"

  static func isUnfinished(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    let commands = RewindCommands(installation: try copy.requiredServer().installation)
    return try await ServerHost.exists(commands.kept, at: copy, observer)
  }

  init(host: ServerHost, primary: DatabaseCopy, operator: any Operator) {
    self.host = host
    self.primary = primary
    self.operator = `operator`
  }

  func run() async throws -> Evidence {
    try await host.disable()
    let isAgain = try await host.exists(commands.kept)
    if isAgain {
      // Its last work is the control file: after that it is only the settings that are missing.
      if try await isRewound() {
        try await restoreSettings()
        return Evidence(["settings_restored": true])
      }
      try await host.run(commands.puttingLogBack)
    } else if isCrashed {
      try await recover()
    }
    // Without a checkpoint since its promotion the primary's control file names the old timeline, and pg_rewind sees no
    // difference.
    try await `operator`.session(primary) { _ = try $0.execute(Self.checkpoint) }
    if !isAgain { try await keepWhatIsNeeded() }
    let words = try await rewind()
    try await restoreSettings()
    return Evidence(["pg_rewind": .string(Excerpt.end(of: words)), "settings_restored": true])
  }

  private func rewind(_ options: [String] = []) async throws -> String {
    let source = try ConnectionText.ofRewind(of: host.copy, to: primary)
    return try await host.run(commands.rewinding(to: source, options)).standardError
  }

  /// What is rewound and has its settings is an intact standby, which needs nothing of it any more.
  func forget() async throws { try await host.run(commands.forgetting) }

  private func isRewound() async throws -> Bool {
    let control = try await ControlData.read(host.copy, by: `operator`.observer)
    return control?.state == "in archive recovery"
  }

  /// Ends what the crash left open, in single-user mode: nobody connects, and nothing is sent. `pg_rewind` would do it too,
  /// and would not find settings that are kept elsewhere. A standby can't be run that way.
  private func recover() async throws {
    try await host.unmarkStandby()
    let options = try await host.read("\(host.data)/postmaster.opts") ?? ""
    try await host.run(commands.recovering(startedBy: options))
    try await host.markStandby()
  }

  private func keepWhatIsNeeded() async throws {
    for command in commands.keepingSettings { try await host.run(command) }
    try await keepLog()
    for command in commands.completingWhatIsKept { try await host.run(command) }
  }

  private func keepLog() async throws {
    let all = try await host.run(commands.listingLog)
      .standardOutput.split(separator: "\n").map(String.init)
    let needed = try await RewindLog(
      announced: rewind([Self.dryRun]),
      segmentBytes: ControlData.read(host.copy, by: `operator`.observer)?.segmentBytes)
    try await host.run(commands.makingLogDirectory)
    var rest = all.filter { needed.includes(file: $0) }[...]
    while !rest.isEmpty {
      try await host.run(commands.keepingLog(rest.prefix(500)))
      rest = rest.dropFirst(500)
    }
  }

  private static let dryRun = "--dry-run"

  private func restoreSettings() async throws {
    try await host.run(commands.puttingSettingsBack)
    try await host.markStandby()
  }

  // MARK: - What it would do

  /// What keeping what is needed, rewinding and putting the settings back would do to the world.
  static func operations(
    of copy: DatabaseCopy, following primary: DatabaseCopy
  ) throws -> [Operation] {
    let commands = RewindCommands(installation: try copy.requiredServer().installation)
    let source = try ConnectionText.ofRewind(of: copy, to: primary)
    func run(_ commands: [Command], if condition: String? = nil) -> [Operation] {
      commands.map { Operation(.command($0, on: copy.host), if: condition) }
    }
    let mark = ServerHost.markingStandby(commands.installation)
    let recovering: [Operation] =
      run([ServerHost.unmarkingStandby(commands.installation)], if: hasDied)
      + [
        Operation(
          .untold("recover \(copy.subject) by postgres --single, with its own configuration"),
          if: hasDied)
      ] + run([mark], if: hasDied)
    let log = Operation(
      .untold("keep those files of its log on \(copy.host.id) that pg_rewind will read"))
    return recovering + [Operation(.statement(checkpoint, in: primary))]
      + run(commands.keepingSettings + [commands.listingLog])
      + run([commands.rewinding(to: source, [dryRun]), commands.makingLogDirectory]) + [log]
      + run(commands.completingWhatIsKept + [commands.rewinding(to: source)])
      + run([commands.puttingSettingsBack, mark])
  }

  private static let hasDied = "its server had died"

  /// The same, where it was begun before and did not end.
  static func operationsOfResuming(
    _ copy: DatabaseCopy, following primary: DatabaseCopy
  ) throws -> [Operation] {
    let commands = RewindCommands(installation: try copy.requiredServer().installation)
    let source = try ConnectionText.ofRewind(of: copy, to: primary)
    let isHalf = "pg_rewind itself did not end"
    return [
      Operation(.command(commands.puttingLogBack, on: copy.host), if: isHalf),
      Operation(.statement(checkpoint, in: primary), if: isHalf),
      Operation(.command(commands.rewinding(to: source), on: copy.host), if: isHalf),
    ]
      + [commands.puttingSettingsBack, ServerHost.markingStandby(commands.installation)].map {
        Operation(.command($0, on: copy.host))
      }
  }
}
