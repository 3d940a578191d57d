import Runbook

/// A PostgreSQL server as its host sees it: its service, its data directory, its programs.
struct ServerHost: Sendable {
  private static let pollInterval = Duration.milliseconds(20)

  let copy: DatabaseCopy
  let installation: DatabaseServer.Installation
  let `operator`: any Operator

  init(_ copy: DatabaseCopy, by operator: any Operator) throws {
    self.copy = copy
    installation = try copy.requiredServer().installation
    self.operator = `operator`
  }

  var data: String { installation.dataDirectory }
  /// What Lifeboat keeps of a server is beside its data directory, where nothing that copies the data touches it.
  var keep: String { Self.keep(of: installation) }
  private var standbySignal: String { "\(data)/standby.signal" }

  static func keep(of installation: DatabaseServer.Installation) -> String {
    "\(installation.dataDirectory).lifeboat"
  }

  // MARK: - Service

  func start() async throws {
    try await copy.host.serviceManagement()
      .start(installation.service, within: nil, by: `operator`)
  }

  /// The service manager's way of stopping must be `fast`: what is committed is shipped, sessions are ended.
  func stop() async throws {
    try await copy.host.serviceManagement()
      .stop(installation.service, within: nil, by: `operator`)
  }

  /// As `stop`, for who sees in the data directory how it ended.
  func bringDown() async throws {
    try await copy.host.serviceManagement().bringDown(installation.service, by: `operator`)
  }

  func disable() async throws {
    try await copy.host.serviceManagement()
      .setStartType("disabled", of: [installation.service], by: `operator`)
  }

  /// Ends what `disable` did; any other start type is somebody's choice.
  func enable() async throws {
    let startType = try await Self.service(of: copy, `operator`.observer).startType
    guard startType == "disabled" else { return }
    try await copy.host.serviceManagement()
      .setStartType("automatic", of: [installation.service], by: `operator`)
  }

  /// State and start type of the service; throws when the host can't be asked.
  static func service(of copy: DatabaseCopy, _ observer: any Observer) async throws
    -> (state: ServiceState?, startType: String?)
  {
    let service = try copy.requiredServer().installation.service
    let facts = try await ServiceFacts(host: copy.host, services: [service]).observe(observer)
    for fact in facts {
      if case .unreachable(let why) = fact.reading {
        throw ActionError("host.unreachable", why, kind: .unreachable)
      }
    }
    let observation = Observation(facts)
    return (
      observation.serviceState(service, on: copy.host),
      observation.startType(service, on: copy.host)
    )
  }

  // MARK: - Data directory

  /// Whatever starts the server from now on starts a standby, which takes no changes.
  func markStandby() async throws { try await write("", to: standbySignal) }

  static func markingStandby(_ installation: DatabaseServer.Installation) -> Command {
    replacement(
      of: "\(installation.dataDirectory)/standby.signal", with: "", as: installation.account)
  }

  func unmarkStandby() async throws { try await run(Self.unmarkingStandby(installation)) }

  static func unmarkingStandby(_ installation: DatabaseServer.Installation) -> Command {
    Command(
      ["rm", "-f", "--", "\(installation.dataDirectory)/standby.signal"],
      account: installation.account)
  }

  static func isMarkedStandby(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    let data = try copy.requiredServer().installation.dataDirectory
    return try await exists("\(data)/standby.signal", at: copy, observer)
  }

  static func exists(_ path: String, at copy: DatabaseCopy, _ observer: any Observer) async throws
    -> Bool
  {
    try await observer.run(.status(ofFile: path), on: copy.host).exitCode == 0
  }

  func exists(_ path: String) async throws -> Bool {
    try await Self.exists(path, at: copy, `operator`.observer)
  }

  /// The text of a file that the server's account owns; nil when there is none.
  func read(_ path: String) async throws -> String? {
    let command = ReadOnlyCommand.readServerFile(path, of: installation)
    let result = try await `operator`.observer.run(command, on: copy.host)
    return result.exitCode == 0 ? result.standardOutput : nil
  }

  /// Replaces a file as a whole: a crash leaves the old one or the new one. Its owner alone may read it, as every file of
  /// the server's.
  func write(_ text: String, to path: String) async throws {
    try await run(Self.replacement(of: path, with: text, as: installation.account))
  }

  static func replacement(
    of path: String, with text: String, as account: String?
  ) -> Command {
    Command(
      ["sh", "-c", replacing, "sh", path], standardInput: CommandInput(text), account: account)
  }

  /// One command, as each is a journey; what it is about comes as an argument.
  private static let replacing = """
    set -e
    umask 077
    dd of="$1.lifeboat-new" conv=fsync status=none
    mv -f -T -- "$1.lifeboat-new" "$1"
    sync -- "${1%/*}"
    """

  /// Makes it follow `primary` from its next start; its server must not run.
  func configure(_ settings: StandbySettings) async throws {
    let path = "\(data)/postgresql.auto.conf"
    try await write(settings.merged(into: try await read(path) ?? ""), to: path)
  }

  /// Runs a command as the server's account, and holds it to success.
  @discardableResult
  func run(_ arguments: [String], input: String? = nil, environment: [String: String] = [:])
    async throws -> CommandResult
  {
    try await run(
      Command(
        arguments, standardInput: input.map { CommandInput($0) }, environment: environment,
        account: installation.account))
  }

  @discardableResult
  func run(_ command: Command) async throws -> CommandResult {
    let result = try await `operator`.run(command, on: copy.host)
    guard result.exitCode == 0 else {
      let words = result.standardError.split(separator: "\n").suffix(3).joined(separator: "; ")
      throw ActionError(
        "postgresql.command",
        "\(copy.subject): \(command.arguments[0]) ended with \(result.exitCode): \(words)",
        advice: "see the server's log and the permissions of \(data)")
    }
    return result
  }

  // MARK: - Waiting

  /// Asks the server until `isReached`, which may throw what ends the waiting. A server that is starting refuses connections.
  func wait(
    for what: String, within timeout: Duration,
    until isReached: @escaping @Sendable (CopyState) throws -> Bool
  ) async throws -> CopyState {
    let time = `operator`.observer.time
    let deadline = time.uptime() + timeout
    let copy = copy
    while true {
      var last = "it answers"
      do {
        let state = try await `operator`.observer.read(copy) {
          try StreamingState.read($0, of: copy)
        }
        if try isReached(state) { return state }
      } catch let error as ActionError where error.code != Self.givenUp {
        last = error.message
      }
      guard time.uptime() < deadline else {
        throw ActionError(
          "postgresql.not_in_time",
          "\(copy.subject) is not \(what) within \(timeout.runbookText): \(last)",
          advice: "see the log of its server")
      }
      try await time.sleep(for: Self.pollInterval)
    }
  }

  /// The code of an error that ends waiting at once.
  static let givenUp = "postgresql.given_up"
}
