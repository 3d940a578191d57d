public import Runbook

/// `drill.copy`
public struct DrillCopy: ActingAction {
  public static let schema = ActionSchema(
    name: "drill.copy",
    summary: "Make a throw-away copy of a site's replica, for a drill",
    discussion: """
      The target is the drill's copy, `scheduler@dr.drill`: the copy of the database `scheduler` on the drill's host
      `dr.drill`. What is copied is the site's own copy, `scheduler@dr`, which must be a replica, and which is only read.

      SQLite: a consistent snapshot, by `VACUUM INTO`. It is made under another name, and gets its own when it is whole.
      While it is made, replication waits to apply what comes.

      A drill's scheduler that runs without a copy, as one whose start came late, is stopped first.

      The drill's directory is made by this step, with a file in it, `lifeboat-drill`, that says what it is. A directory
      without that file, with anything in it, is not touched.
      """,
    target: .databaseAtSite,
    parameters: [
      .init(
        "minimum_free", .size, default: "1GiB",
        "How much must be left free beside the copy: the replica needs it")
    ],
    effect: .changes,
    reversibility: .reversible(by: "drill.remove"),
    defaultTimeout: .seconds(600),
    facts: CopyFacts.notes + DrillDirectory.notes + [
      FailoverRows.note,
      .init(sourceBytes, "the size of the replica that is copied", motion: .moves),
      .init(DirectoryFacts.freeBytes, "what is free where the copy is made", motion: .moves),
      .init("state", "of the services of the site's scheduler, and of the drill's"),
      .init("start_type", "of these services"),
      SchedulerServices.fencedNote,
    ],
    guards: [
      .init(sourceIsReplica, "what is copied is a replica: a primary has other work to do"),
      .init(realStopped, "the site's real scheduler is stopped: it doesn't stand by otherwise"),
      .init(enoughSpace, "the copy fits, and minimum_free is left"),
    ],
    example: """
      id: copy-replica
      action: drill.copy
      target: scheduler@dr.drill
      """)

  static let sourceBytes = "source_bytes"
  private static let sourceIsReplica = "source-is-replica"
  private static let realStopped = "real-scheduler-stopped"
  private static let enoughSpace = "enough-space"
  private static let defaultMinimumFree = 1 << 30

  private let directory: DrillDirectory
  private let source: DatabaseCopy
  private let real: SchedulerServices
  private let services: DrillServices
  private let minimumFree: Int

  public init(_ arguments: Arguments) throws {
    directory = try arguments.drillDirectory()
    let site = directory.host.site
    guard
      let source = arguments.inventory.copy(of: directory.copy.database, at: site)
    else {
      throw ActionError(
        "inventory.no_copy",
        "step \(arguments.step): \(directory.copy.database.name) has no copy at \(site)")
    }
    self.source = source
    real = .own(of: site, in: arguments.inventory)
    services = try DrillServices(of: directory.host)
    minimumFree = arguments.size("minimum_free") ?? Self.defaultMinimumFree
  }

  private var copy: DatabaseCopy { directory.copy }

  public var rechecked: [FactKey] { [FactKey(copy.subject, DrillDirectory.files)] }

  public var destinations: [Destination] { [.reading(source), .host(directory.host)] }

  public var needs: [ProgramNeed] { services.needs }

  public var guards: [Guard] {
    [
      Guard(Self.sourceIsReplica, demand: "\(source.subject) is a replica") { observation in
        guard let role = observation.role(of: source) else {
          return .unknown(
            observation.gap(source.subject, FactName.role) ?? "its role is a new word")
        }
        return role == .replica ? .holds : .violated("\(source.subject) is \(role.rawValue)")
      },
      real.stoppedGuard(Self.realStopped, demand: "the scheduler of \(source.site) is stopped"),
      Guard(Self.enoughSpace, demand: "there is room for the copy", check: checkSpace),
    ]
  }

  private func checkSpace(_ observation: Observation) -> Guard.Finding {
    guard let needed = observation[copy.subject, Self.sourceBytes]?.integer,
      let free = observation[copy.subject, DirectoryFacts.freeBytes]?.integer
    else {
      return .unknown(
        observation.firstGap([
          FactKey(copy.subject, Self.sourceBytes), FactKey(copy.subject, DirectoryFacts.freeBytes),
        ]) ?? "it was not asked")
    }
    guard free >= needed + minimumFree else {
      return .violated(
        "\(free) bytes are free on \(directory.host.id); the copy takes \(needed), and "
          + "\(minimumFree) are to be left")
    }
    return .holds
  }

  // MARK: - Looking

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let from = FailoverRows(copy: source).observe(observer)
    async let made = FailoverRows(copy: copy).observe(observer)
    async let files = directory.observe(observer)
    async let space = space(observer)
    async let states = real.observe(observer) + services.observe(observer)
    return Observation(try await from + made + files + space + states)
  }

  private func space(_ observer: any Observer) async throws -> [Fact] {
    do {
      guard case .file(let path) = source.placement.location else { return [] }
      let status = try await observer.run(.status(ofFile: path), on: source.host)
      let fields = status.standardOutput.split(separator: "|").map(String.init)
      let above = directory.path.split(separator: "/").dropLast().joined(separator: "/")
      let system = try await observer.run(.fileSystem(of: "/" + above), on: directory.host)
      guard status.exitCode == 0, fields.count == 7, let size = Int(fields[4]),
        system.exitCode == 0,
        let free = system.standardOutput.split(whereSeparator: \.isWhitespace).last.flatMap({
          Int($0)
        })
      else {
        throw ActionError(
          "drill.space",
          "how much room there is can't be told: \(status.standardError)\(system.standardError)")
      }
      return [
        Fact(copy.subject, Self.sourceBytes, .integer(size)),
        Fact(copy.subject, DirectoryFacts.freeBytes, .integer(free)),
      ]
    } catch {
      let gap = try Reading(gapFrom: error)
      return [Self.sourceBytes, DirectoryFacts.freeBytes].map { Fact(copy.subject, $0, gap) }
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = services.gap(observation) { return .unknown(gap) }
    switch directory.state(observation) {
    case .unknown(let why): return .unknown(why)
    case .foreign(let why): return .blocked("\(why): it is no drill's, and is left alone")
    case .clear: return .needed("copy \(source.subject) to \(directory.file)")
    case .marked:
      guard directory.isMade(observation) else {
        return .needed("copy \(source.subject) to \(directory.file), which was begun before")
      }
      if let gap = observation.gap(copy.subject, FactName.failoverRows) { return .unknown(gap) }
      return .satisfied("\(copy.subject) is there, in \(directory.path)")
    }
  }

  public func predict(_ observation: Observation) -> Observation? {
    guard let rows = observation[source.subject, FactName.failoverRows],
      let epoch = observation.epoch(of: source)
    else { return nil }
    var result = Observation()
    let made = [DrillDirectory.markFile, DrillDirectory.logs, directory.file.lastPathComponent]
    result.state(copy.subject, DrillDirectory.files, .list(made.sorted().map(Value.string)))
    result.state(copy.subject, DrillDirectory.mark, .string(directory.markText))
    result.state(copy.subject, FactName.role, .string(CopyRole.replica.rawValue))
    result.state(copy.subject, FactName.epoch, .integer(epoch))
    result.state(copy.subject, FactName.failoverRows, rows)
    if !directory.isMade(observation) { services.predictStopped(observation, in: &result) }
    return result
  }

  // MARK: - Acting

  private enum Part {
    case command(Command)
    case snapshot(SQLStatement)
  }

  private func parts(_ observation: Observation) -> [Part] {
    var parts: [Part] = []
    if !directory.isThere(observation) { parts.append(.command(directory.makeDirectory)) }
    if case .clear = directory.state(observation) { parts.append(.command(directory.writeMark)) }
    return parts + [
      .command(directory.removeUnfinished),
      .snapshot("VACUUM INTO \(directory.unfinished)"), .command(directory.makeLogs),
      .command(directory.finish),
      .command(directory.removeUnfinished),
    ]
  }

  public func operations(given observation: Observation) -> [Operation] {
    guard !directory.isMade(observation) else { return [] }
    return services.operations(observation)
      + parts(observation).map { part in
        switch part {
        case .command(let command): Operation(.command(command, on: directory.host))
        case .snapshot(let statement): Operation(.statement(statement, in: source))
        }
      }
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    guard !directory.isMade(observation) else { return Evidence() }
    try await services.stop(services.running(observation), by: `operator`)
    for part in parts(observation) {
      switch part {
      case .command(let command): try await directory.run(command, by: `operator`)
      case .snapshot(let statement):
        _ = try await `operator`.session(source) { try $0.execute(statement) }
      }
    }
    return Evidence(["copied": .string(source.subject), "file": .string(directory.file)])
  }

  public var undoability: Undoability { .exact(by: DrillRemove.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    [UndoStep(DrillRemove.schema.name, .databaseAtSite(copy.database, site: copy.site), [:])]
  }
}

extension String {
  var lastPathComponent: String { split(separator: "/").last.map(String.init) ?? self }
}
