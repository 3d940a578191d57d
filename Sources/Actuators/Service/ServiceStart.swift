public import Runbook

/// `service.start`
public struct ServiceStart: ActingAction {
  public static let schema = ActionSchema(
    name: "service.start",
    summary: "Start services of a host, once nothing else can be in control",
    discussion: """
      Sets the services' start type and starts them one after the other, in the order that the inventory gives. A service
      that fails to start is told with the end of its log; one that its own unit keeps from starting (systemd's
      `ExecCondition` and `Condition…`) is told apart from one that failed.

      \(ServiceArguments.startTypeWords)

      On a host that runs a scheduler (it has a `guid` in the inventory) three guards must hold immediately before. They are
      what keeps two schedulers from running one table of jobs: the site's copy of the database is the primary, its
      `Failover` table holds no GUID of another site's server, and no scheduler service of any other site runs. A host that
      can't be asked is not known to be stopped; a person can vouch for it by `on_unreachable: attest` on the step that
      stops it.

      On a drill's host other guards must hold: its copy of the database is a drill's and takes changes, its `Failover` table
      holds no foreign GUID, and what runs there reaches nothing that is real. The start type is kept there, unless it is given.
      """,
    target: .host,
    parameters: [
      ServiceArguments.services,
      .init(
        "start_type", .choice(["automatic", "manual", "keep"]),
        default: "the host's start_type in the inventory, automatic unless it is said there",
        "What becomes of the services when the host reboots; `keep` leaves it as it is"),
      .init(
        "database", .string, default: "the only one with a copy at the site",
        "The scheduler's database, on which the guards stand"),
      .init(
        "start_timeout", .duration, default: "what the service manager or the step allows",
        "How long one service may take to start"),
    ],
    effect: .changes,
    reversibility: .reversible(by: "service.stop"),
    defaultTimeout: .seconds(120),
    facts: CopyFacts.notes + [
      .init("state", "of each service, and of the services of the other sites' schedulers"),
      .init("start_type", "of each of these services: automatic, manual, disabled or masked"),
      .init("dependants", "of each service: what systemd or Windows stops with it"),
      .init("recovery", "of each service on Windows: what is done when it dies"),
      FailoverRows.note,
      .init("guid", "of each scheduler host of the site"),
      SchedulerServices.fencedNote,
    ] + DrillDirectory.notes + DrillIsolation.notes,
    guards: [
      PrimaryGuard.note, FailoverOwnership.note, SchedulerServices.othersStoppedNote,
      DrillDirectory.markedNote, DrillIsolation.note,
    ],
    example: """
      id: start-dr
      action: service.start
      target: dr.scheduler
      with: { services: [server, executor, scheduler] }
      retry: { limit: 3, interval: 5s, backoff: 2 }
      """)

  private let wanted: ServiceArguments
  private let startTimeout: Duration?
  private let others: SchedulerServices?
  private let failover: FailoverOwnership?
  private let drill: DrillStart?

  public init(_ arguments: Arguments) throws {
    let host = try arguments.host()
    let usual = (host.startType ?? .automatic).rawValue
    wanted = try ServiceArguments(
      arguments, defaultStartType: host.drill == nil ? usual : ServiceArguments.keep)
    startTimeout = arguments.duration("start_timeout")
    drill = try DrillStart(on: host, arguments)
    guard host.isScheduler else {
      others = nil
      failover = drill?.failover
      return
    }
    others = .others(than: wanted.host.site, in: arguments.inventory)
    failover = FailoverOwnership(
      of: try Self.copy(arguments, at: wanted.host.site), in: arguments.inventory)
  }

  private static func copy(_ arguments: Arguments, at site: String) throws -> DatabaseCopy {
    let inventory = arguments.inventory
    if let name = arguments.string("database") {
      guard let copy = inventory.database(name).flatMap({ inventory.copy(of: $0, at: site) })
      else {
        throw ActionError(
          "inventory.unknown_database",
          "step \(arguments.step): no database '\(name)' has a copy at \(site)",
          advice: "name one of \(inventory.databases.map(\.name).joined(separator: ", "))")
      }
      return copy
    }
    let copies = inventory.databases.compactMap { inventory.copy(of: $0, at: site) }
    guard copies.count < 2 else {
      throw ActionError(
        "service.which_database",
        "step \(arguments.step): several databases have a copy at \(site)",
        advice: "name the scheduler's, by 'database'")
    }
    guard let copy = copies.first else {
      throw ActionError(
        "service.no_database",
        "step \(arguments.step): no database has a copy at \(site), and a scheduler is not started "
          + "without seeing whose GUID its database holds",
        advice: "add the scheduler's database to the inventory, or the host's 'guid' is a mistake")
    }
    return copy
  }

  private var host: Host { wanted.host }

  public var guards: [Guard] {
    var guards: [Guard] = []
    if let failover {
      guards += [
        PrimaryGuard(copy: failover.rows.copy).make(), failover.noForeignGuard(),
      ]
    }
    if let others { guards.append(others.othersStoppedGuard()) }
    if let drill { guards += drill.guards }
    return guards
  }

  public var needs: [ProgramNeed] { wanted.needs }

  public var destinations: [Destination] {
    [.host(host)] + (others?.destinations ?? []) + (failover?.destinations ?? [])
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let own = ServiceFacts(host: host, services: wanted.services).observe(observer)
    async let table = failover?.observe(observer)
    async let elsewhere = others?.observe(observer)
    async let isolation = drill?.observe(observer)
    return Observation(try await own + (table ?? []) + (elsewhere ?? []) + (isolation ?? []))
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = wanted.gap(observation) { return .unknown(gap) }
    let unreachable = wanted.unreachableStartType(observation)
    guard unreachable.isEmpty else {
      return .unknown("\(host.id) can't be reached: its start types are not known")
    }
    let down = servicesToStart(observation)
    if let masked = down.first(where: { observation.startType($0, on: host) == "masked" }) {
      return .blocked(
        "\(masked) on \(host.id) is masked: somebody has forbidden to start it; 'systemctl unmask' it "
          + "there if that is over")
    }
    if let obstacle = wanted.startTypeObstacle(observation) { return .blocked(obstacle) }
    return wanted.work("start", down, observation).map(Verdict.needed)
      ?? .satisfied("the services of \(host.id) are running")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    for service in wanted.services {
      let subject = host.subject(ofService: service)
      result.state(subject, FactName.serviceState, .string(ServiceState.running.rawValue))
      if let startType = wanted.predictedStartType(of: service, observation) {
        result.state(subject, FactName.startType, .string(startType))
      }
    }
    return result
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await wanted.act(
      `operator`, given: observation, orders(observation), on: servicesToStart(observation),
      "started")
  }

  public func operations(given observation: Observation) -> [Operation] {
    wanted.operations(given: observation, orders(observation))
  }

  private func orders(_ observation: Observation) -> [ServiceOrder] {
    servicesToStart(observation).map { .start($0, within: startTimeout) }
  }

  /// What jobs a scheduler has run since it was started can't be made not to have run.
  public var undoability: Undoability {
    !host.isScheduler
      ? .exact(by: ServiceStop.schema.name)
      : .inexact("a scheduler that was started may have run jobs")
  }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    !host.isScheduler ? wanted.undo(restoring: before, areRunning: true)?.reversed() : nil
  }

  /// In the order of starting.
  private func servicesToStart(_ observation: Observation) -> [String] {
    wanted.services.filter { observation.serviceState($0, on: host) != .running }
  }
}
