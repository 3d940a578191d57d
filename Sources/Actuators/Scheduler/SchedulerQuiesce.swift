public import Runbook

/// `scheduler.quiesce`
public struct SchedulerQuiesce: ActingAction {
  public static let schema = ActionSchema(
    name: "scheduler.quiesce",
    summary: "Let a scheduler start no more jobs, by its maintenance window",
    discussion: """
      Sets the quantity available of the resource `MaintenanceWindow` to 0, by the REST server that the host's `rest` in the inventory
      names. Jobs that need the resource wait from then on. **Jobs that don't need it start all the same, and those that run go on**:
      this is no fence, and nothing that Lifeboat proves counts on it.

      The quantity stands in the scheduler's database, and goes with it to the site that takes over: `scheduler.resume` there is a step of
      the same runbook, after the scheduler was started.

      Where the resource is read and put is not published: `rest: { maintenance_window: … }` in the inventory says so. It is read,
      put back as a whole with another quantity, and read again. When somebody else changes it meanwhile, nothing is sent.
      """,
    target: .host,
    effect: .changes,
    reversibility: .reversible(by: SchedulerResume.schema.name),
    facts: MaintenanceWindow.facts,
    example: """
      id: no-new-jobs
      action: scheduler.quiesce
      target: production.scheduler
      """)

  private static let none = 0

  private let window: MaintenanceWindow

  public init(_ arguments: Arguments) throws { window = try MaintenanceWindow(arguments) }

  public var rechecked: [FactKey] { [window.quantityKey] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    try await window.observe(observer)
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = window.gap(in: observation) { return .unknown(gap) }
    let quantity = window.quantity(in: observation) ?? Self.none
    return quantity == Self.none
      ? .satisfied("\(window.words) has none to give: jobs that need it wait")
      : .needed("set \(window.words) from \(quantity) to \(Self.none)")
  }

  public func predict(_ observation: Observation) -> Observation? {
    window.prediction(of: Self.none)
  }

  public func operations(given observation: Observation) -> [Operation] {
    window.operations(setting: Self.none, given: observation)
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await window.set(Self.none, `operator`, given: observation)
  }

  public var undoability: Undoability { .exact(by: SchedulerResume.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    guard let old = window.quantity(in: before) else { return nil }
    guard window.quantity(in: now) != old else { return [] }
    return [
      UndoStep(
        SchedulerResume.schema.name, .host(window.server.host), ["quantity": .integer(old)])
    ]
  }
}
