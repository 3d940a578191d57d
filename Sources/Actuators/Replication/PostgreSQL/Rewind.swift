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

  private var data: String { host.data }
  private var kept: String { Self.kept(host.installation) }
  private var settings: String { "\(kept)/settings" }
  private var log: String { "\(kept)/pg_wal" }

  private static func kept(_ installation: DatabaseServer.Installation) -> String {
    "\(ServerHost.keep(of: installation))/rewind"
  }

  static func isUnfinished(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    try await ServerHost.exists(kept(copy.requiredServer().installation), at: copy, observer)
  }

  init(host: ServerHost, primary: DatabaseCopy, operator: any Operator) {
    self.host = host
    self.primary = primary
    self.operator = `operator`
  }

  func run() async throws -> Evidence {
    try await host.disable()
    let isAgain = try await host.exists(kept)
    if isAgain {
      // Its last work is the control file: after that it is only the settings that are missing.
      if try await isRewound() {
        try await restoreSettings()
        return Evidence(["settings_restored": true])
      }
      try await host.run(["cp", "-R", "--preserve=all", "--", "\(log)/.", "\(data)/pg_wal/"])
    } else if isCrashed {
      try await recover()
    }
    // Without a checkpoint since its promotion the primary's control file names the old timeline, and pg_rewind sees no
    // difference.
    try await `operator`.session(primary) { _ = try $0.execute("CHECKPOINT") }
    if !isAgain { try await keepWhatIsNeeded() }
    let words = try await rewind()
    try await restoreSettings()
    return Evidence(["pg_rewind": .string(Excerpt.end(of: words)), "settings_restored": true])
  }

  private func rewind(_ options: [String] = []) async throws -> String {
    let server = try primary.requiredServer()
    let source = try ConnectionText(from: host.copy, to: primary, database: server.database)
    return try await host.run(
      [
        host.installation.program("pg_rewind"), "--target-pgdata=\(data)",
        "--source-server=\(source.text)",
      ] + options, environment: ["LC_ALL": "C.UTF-8"]
    ).standardError
  }

  /// What is rewound and has its settings is an intact standby, which needs nothing of it any more.
  func forget() async throws { try await host.run(["rm", "-rf", "--", kept]) }

  private func isRewound() async throws -> Bool {
    let control = try await ControlData.read(host.copy, by: `operator`.observer)
    return control?.state == "in archive recovery"
  }

  /// Ends what the crash left open, in single-user mode: nobody connects, and nothing is sent. `pg_rewind` would do it too,
  /// and would not find settings that are kept elsewhere. A standby can't be run that way.
  private func recover() async throws {
    try await host.unmarkStandby()
    let options = try await host.read("\(data)/postmaster.opts") ?? ""
    try await host.run(
      [host.installation.program("postgres"), "--single", "-F", "-D", data]
        + Self.configurationFile(in: options) + ["template1"])
    try await host.markStandby()
  }

  /// `… "-c" "config_file=/etc/postgresql/15/main/postgresql.conf"`
  static func configurationFile(in options: String) -> [String] {
    for word in options.split(separator: "\"") where word.hasPrefix("config_file=") {
      return ["-c", String(word)]
    }
    return []
  }

  /// Settings are files directly in the data directory; complete under its final name or not there.
  private func keepWhatIsNeeded() async throws {
    let unfinished = "\(kept).unfinished"
    try await host.run(["rm", "-rf", "--", unfinished])
    try await host.run(["mkdir", "-p", "--", "\(unfinished)/settings"])
    try await host.run(
      ["find", data, "-maxdepth", "1", "-type", "f"]
        + Self.noSettings.flatMap { ["!", "-name", $0] }
        + ["-exec", "cp", "--preserve=all", "--target-directory=\(unfinished)/settings", "{}", "+"])
    try await keepLog(in: "\(unfinished)/pg_wal")
    try await host.run(["sync", "-f", "--", unfinished])
    try await host.run(["mv", "-T", "--", unfinished, kept])
  }

  private func keepLog(in directory: String) async throws {
    let all = try await host.run(["find", "\(data)/pg_wal/", "-maxdepth", "1", "-type", "f"])
      .standardOutput.split(separator: "\n").map(String.init)
    let needed = try await RewindLog(
      announced: rewind(["--dry-run"]),
      segmentBytes: ControlData.read(host.copy, by: `operator`.observer)?.segmentBytes)
    try await host.run(["mkdir", "--", directory])
    var rest = all.filter { needed.includes(file: $0) }[...]
    while !rest.isEmpty {
      try await host.run(
        ["cp", "--preserve=all", "--target-directory=\(directory)", "--"] + rest.prefix(500))
      rest = rest.dropFirst(500)
    }
  }

  private static let noSettings = [
    "PG_VERSION", "postmaster.*", "backup_*", "tablespace_map*", "current_logfiles", "*.signal",
    "*.old", "*.lifeboat-new",
  ]

  private func restoreSettings() async throws {
    // File by file: the data directory itself keeps its own mode, without which no server starts.
    try await host.run(
      ["find", settings, "-type", "f"]
        + ["-exec", "cp", "--preserve=all", "--target-directory=\(data)", "{}", "+"])
    try await host.markStandby()
  }
}
