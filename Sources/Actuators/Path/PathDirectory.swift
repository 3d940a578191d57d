public import Runbook

/// `path.directory`
public struct PathDirectory: ActingAction {
  public static let schema = ActionSchema(
    name: "path.directory",
    summary: "Check that a directory is there as it should be, and make it where that is allowed",
    discussion: """
      Checks that the path is a directory, and its mode, owner and free space where they are given. Only with `create: true`
      does the step change anything: it makes the directory and those above it, and sets mode and owner. Without it, what is
      missing is reported as blocked.

      On a Windows host it is a path of a drive that is fixed there, or of a share (`\\\\server\\share\\logs`), never of a drive that
      somebody mapped; `mode` and `owner` can't be given. What is free is that of the drive or the share.
      """,
    target: .host,
    parameters: [
      .init(
        "path", .path, required: true, "A name of the inventory, or an absolute path on the host"),
      .init("mode", .string, "Octal, as \"0750\""),
      .init("owner", .string, "A user, or user:group"),
      .init("minimum_free", .size, "How much must be free, as 10GiB"),
      .init(
        "create", .boolean, default: "false", "Whether to make it, and to correct mode and owner"),
    ],
    effect: .changes,
    worksAsPrecheck: true, mayActInDrills: true,
    reversibility: .irreversible,
    facts: DirectoryFacts.notes,
    example: """
      id: default-log-directory
      action: path.directory
      target: dr.scheduler
      with: { path: default-logs, minimum_free: 100MiB, create: true }
      """)

  private let host: Host
  private let path: String
  private let mode: String?
  private let owner: String?
  private let minimumFree: Int?
  private let mayCreate: Bool

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    path = try Self.path(arguments, on: host)
    mode = try arguments.string("mode").map { try Self.normalised(mode: $0, arguments.step) }
    owner = arguments.string("owner")
    if host.isWindows, mode != nil || owner != nil {
      throw ActionError(
        "path.windows_permissions",
        "step \(arguments.step): \(host.id) is a Windows host, where a directory has no mode and an owner is not set",
        advice: "leave out mode and owner: what is made there inherits its access list")
    }
    minimumFree = arguments.size("minimum_free")
    mayCreate = arguments.boolean("create") ?? false
  }

  private static func path(_ arguments: Arguments, on host: Host) throws -> String {
    let name = try arguments.requiredString("path")
    guard let shared = arguments.inventory.path(name) else {
      return try HostPath.check(name, on: host, step: arguments.step)
    }
    guard let path = shared.at[host.id] else {
      throw ActionError(
        "inventory.path_not_at_host",
        "step \(arguments.step): the path '\(name)' is not given for \(host.id)",
        advice: "it is given for \(shared.at.keys.sorted().joined(separator: ", "))")
    }
    return try HostPath.check(path, on: host, step: arguments.step)
  }

  /// As `stat` prints it: without leading zeros.
  private static func normalised(mode: String, _ step: String) throws -> String {
    guard let bits = Int(mode, radix: 8), (0...0o7777).contains(bits), mode.count <= 5 else {
      throw ActionError("path.mode", "step \(step): '\(mode)' is no octal mode, as \"0750\" is")
    }
    return String(bits, radix: 8)
  }

  private var subject: String { "path:\(path)@\(host.id)" }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await DirectoryFacts(subject: subject, path: path, host: host).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let kind = observation[subject, DirectoryFacts.kind]?.string else {
      return .unknown(observation.gap(subject, DirectoryFacts.kind) ?? "it was not asked")
    }
    guard kind == DirectoryFacts.directory || kind == DirectoryFacts.missing else {
      return .blocked("\(path) on \(host.id) is a \(kind), not a directory")
    }
    let work = work(observation, exists: kind == DirectoryFacts.directory)
    guard work.isEmpty || mayCreate else {
      return .blocked(
        "\(path) on \(host.id) is \(findings(observation, kind)); 'create' is not true")
    }
    var room = ""
    if let minimumFree {
      guard let free = observation[subject, DirectoryFacts.freeBytes]?.integer else {
        return .unknown(observation.gap(subject, DirectoryFacts.freeBytes) ?? "it was not asked")
      }
      guard free >= minimumFree else {
        return .blocked(
          "\(path) on \(host.id) has \(free) bytes free; \(minimumFree) are needed")
      }
      room = ", with \(free.runbookSizeText) free"
    }
    return work.isEmpty
      ? .satisfied("\(path) on \(host.id) is as it should be\(room)")
      : .needed("\(work.joined(separator: ", ")) \(path) on \(host.id)")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    result.state(subject, DirectoryFacts.kind, .string(DirectoryFacts.directory))
    if let mode { result.state(subject, DirectoryFacts.mode, .string(mode)) }
    if let owner {
      let parts = owner.split(separator: ":", maxSplits: 1).map(String.init)
      if let user = parts.first { result.state(subject, DirectoryFacts.owner, .string(user)) }
      if parts.count == 2 { result.state(subject, DirectoryFacts.group, .string(parts[1])) }
    }
    return result
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let work = commands(observation)
    for (command, _) in work { try await run(command, `operator`) }
    return Evidence(["path": .string(path), "done": .list(work.map { .string($0.done) })])
  }

  public func operations(given observation: Observation) -> [Operation] {
    commands(observation).map { Operation(.command($0.command, on: host)) }
  }

  /// What is to be run, and what is done then, in words.
  private func commands(_ observation: Observation) -> [(command: Command, done: String)] {
    let exists = observation[subject, DirectoryFacts.kind]?.string == DirectoryFacts.directory
    var commands: [(Command, String)] = []
    if !exists { commands.append((making, "created")) }
    if let mode, !exists || hasOtherMode(observation) {
      commands.append((Command(["chmod", mode, "--", path]), "mode set"))
    }
    if let owner, !exists || hasOtherOwner(observation) {
      commands.append((Command(["chown", "--", owner, path]), "owner set"))
    }
    return commands
  }

  private var making: Command {
    host.isWindows
      ? Command(.makeDirectory, ["path": .string(path)]) : Command(["mkdir", "-p", "--", path])
  }

  private func run(_ command: Command, _ operator: any Operator) async throws {
    let result = try await `operator`.run(command, on: host)
    guard result.exitCode == 0 else {
      let name = host.isWindows ? command.arguments[1] : command.arguments[0]
      throw ActionError(
        "path.failed", "\(name) failed on \(host.id): \(result.standardError)",
        advice: "see the permissions of the directories above \(path)")
    }
  }

  private func work(_ observation: Observation, exists: Bool) -> [String] {
    guard exists else { return ["make"] }
    var work: [String] = []
    if hasOtherMode(observation) { work.append("set the mode of") }
    if hasOtherOwner(observation) { work.append("set the owner of") }
    return work
  }

  private func findings(_ observation: Observation, _ kind: String) -> String {
    guard kind == DirectoryFacts.directory else { return kind }
    let mode = observation[subject, DirectoryFacts.mode]?.string ?? "?"
    let owner = observation[subject, DirectoryFacts.owner]?.string ?? "?"
    let group = observation[subject, DirectoryFacts.group]?.string ?? "?"
    return "of mode \(mode) and owned by \(owner):\(group)"
  }

  private func hasOtherMode(_ observation: Observation) -> Bool {
    guard let mode else { return false }
    return observation[subject, DirectoryFacts.mode]?.string != mode
  }

  private func hasOtherOwner(_ observation: Observation) -> Bool {
    guard let owner else { return false }
    let parts = owner.split(separator: ":", maxSplits: 1).map(String.init)
    let isOwner = observation[subject, DirectoryFacts.owner]?.string == parts.first
    let isGroup =
      parts.count < 2 || observation[subject, DirectoryFacts.group]?.string == parts[1]
    return !isOwner || !isGroup
  }
}
