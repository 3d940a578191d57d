public import Runbook

/// `drill.copy`
public struct DrillCopy: ActingAction {
  public static let schema = ActionSchema(
    name: "drill.copy",
    summary: "Make a throw-away copy of a site's replica, for a drill",
    discussion: """
      The target is the drill's copy, `scheduler@dr.drill`: the copy of the database `scheduler` on the drill's host
      `dr.drill`. What is copied is the site's own copy, `scheduler@dr`, which must be a replica, and which is only read.

      It is made under another name, and gets its own when it is whole. SQLite: a consistent snapshot, by `VACUUM INTO`; while it is
      made, replication waits to apply what comes. PostgreSQL: `pg_basebackup` over the replica's Unix socket, while replication
      goes on. None of the replica's settings is kept, as they lead to the primary, and the copy's own server is started, as a
      standby of nobody.

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
    facts: CopyFacts.notes + DrillDirectory.notes + DrillIsolation.notes + DrillSource.notes + [
      FailoverRows.note,
      .init(DirectoryFacts.freeBytes, "what is free where the copy is made", motion: .moves),
      .init("state", "of the services of the site's scheduler, and of the drill's"),
      .init("start_type", "of these services"),
      SchedulerServices.fencedNote,
    ],
    guards: [
      .init(sourceIsReplica, "what is copied is a replica: a primary has other work to do"),
      .init(realStopped, "the site's real scheduler is stopped: it doesn't stand by otherwise"),
      .init(enoughSpace, "the copy fits, and minimum_free is left"),
      DrillSource.copyableNote, DrillIsolation.note,
    ],
    example: """
      id: copy-replica
      action: drill.copy
      target: scheduler@dr.drill
      """)

  private static let sourceIsReplica = "source-is-replica"
  private static let realStopped = "real-scheduler-stopped"
  private static let enoughSpace = "enough-space"
  private static let defaultMinimumFree = 1 << 30

  private let directory: DrillDirectory
  private let source: DatabaseCopy
  private let real: SchedulerServices
  private let services: DrillServices
  /// What its server reaches once it is started; nil when it has none.
  private let isolation: DrillIsolation?
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
    isolation =
      directory.copy.server == nil
      ? nil : DrillIsolation(of: directory.host, in: arguments.inventory)
    minimumFree = arguments.size("minimum_free") ?? Self.defaultMinimumFree
  }

  private var copy: DatabaseCopy { directory.copy }
  private var origin: DrillSource { DrillSource(copy: source, directory: directory) }
  private var making: DrillMaking { DrillMaking(directory: directory, source: source) }

  public var rechecked: [FactKey] { [FactKey(copy.subject, DrillDirectory.files)] }

  public var destinations: [Destination] { [.reading(source), .host(directory.host)] }

  public var needs: [ProgramNeed] {
    let backup = copy.server.map { $0.installation.program("pg_basebackup") }
    return services.needs + (backup.map { [ProgramNeed($0, on: directory.host)] } ?? [])
  }

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
    ] + [origin.copyableGuard(), isolation?.makeGuard()].compactMap { $0 }
  }

  private func checkSpace(_ observation: Observation) -> Guard.Finding {
    guard let needed = observation[copy.subject, DrillSource.bytes]?.integer,
      let free = observation[copy.subject, DirectoryFacts.freeBytes]?.integer
    else {
      return .unknown(
        observation.firstGap([
          FactKey(copy.subject, DrillSource.bytes), FactKey(copy.subject, DirectoryFacts.freeBytes),
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
    async let files = directory.observeServed(observer)
    async let space = origin.observe(observer)
    async let states = real.observe(observer) + services.observe(observer)
    async let reach = isolation?.observe(observer)
    return Observation(try await from + made + files + space + states + (reach ?? []))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = services.gap(observation) { return .unknown(gap) }
    switch directory.state(observation) {
    case .unknown(let why): return .unknown(why)
    case .foreign(let why): return .blocked("\(why): it is no drill's, and is left alone")
    case .clear: return .needed("copy \(source.subject) to \(directory.data)")
    case .marked:
      guard directory.isMade(observation) else {
        return .needed("copy \(source.subject) to \(directory.data), which was begun before")
      }
      guard services.isServing(observation) else {
        return .needed("start \(services.server ?? "its server"), which serves \(copy.subject)")
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
    let made = [DrillDirectory.markFile, DrillDirectory.logs, directory.data.lastPathComponent]
    result.state(copy.subject, DrillDirectory.files, .list(made.sorted().map(Value.string)))
    result.state(copy.subject, DrillDirectory.mark, .string(directory.markText))
    result.state(copy.subject, FactName.role, .string(CopyRole.replica.rawValue))
    result.state(copy.subject, FactName.epoch, .integer(epoch))
    result.state(copy.subject, FactName.failoverRows, rows)
    if copy.server != nil {
      result.state(copy.subject, DrillDirectory.served, .string(directory.data))
    }
    if !directory.isMade(observation) { services.predictStopped(observation, in: &result) }
    services.predictServing(in: &result)
    return result
  }

  // MARK: - Acting

  public func operations(given observation: Observation) -> [Operation] {
    guard !isDone(observation) else { return [] }
    return ending(observation).flatMap { services.operations(for: .stop($0, within: nil)) }
      + making.parts(observation).flatMap { part in
        switch part {
        case .command(let command): [Operation(.command(command, on: directory.host))]
        case .snapshot(let statement): [Operation(.statement(statement, in: source))]
        case .start(let service): services.operations(for: .start(service, within: nil))
        }
      }
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    guard !isDone(observation) else { return Evidence() }
    try await services.stop(ending(observation), by: `operator`)
    for part in making.parts(observation) {
      switch part {
      case .command(let command): try await directory.run(command, by: `operator`)
      case .snapshot(let statement):
        _ = try await `operator`.session(source) { try $0.execute(statement) }
      case .start(let service):
        try await services.management.start(service, within: nil, by: `operator`)
      }
    }
    return Evidence(["copied": .string(source.subject), "file": .string(directory.data)])
  }

  private func isDone(_ observation: Observation) -> Bool {
    directory.isMade(observation) && services.isServing(observation)
  }

  /// What runs without a copy.
  private func ending(_ observation: Observation) -> [String] {
    directory.isMade(observation) ? [] : services.running(observation)
  }

  public var undoability: Undoability { .exact(by: DrillRemove.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    [UndoStep(DrillRemove.schema.name, .databaseAtSite(copy.database, site: copy.site), [:])]
  }
}

extension String {
  var lastPathComponent: String { split(separator: "/").last.map(String.init) ?? self }
}
