public import Runbook

/// `scheduler.resume`
public struct SchedulerResume: ActingAction {
  public static let schema = ActionSchema(
    name: "scheduler.resume",
    summary: "Let a scheduler start jobs again, by its maintenance window",
    discussion: """
      Sets the quantity available of the resource `MaintenanceWindow` to what it is in normal times, as `scheduler.quiesce` sets it to 0. What
      waited starts. That can't be undone: `scheduler.quiesce` is a way back, and jobs have run by then.
      """,
    target: .host,
    parameters: [
      .init("quantity", .integer, default: "\(usual)", "How many there are in normal times")
    ],
    effect: .changes,
    reversibility: .reversible(by: "scheduler.quiesce"),
    facts: MaintenanceWindow.facts,
    example: """
      id: jobs-again
      action: scheduler.resume
      target: dr.scheduler
      """)

  private static let usual = 999_999

  private let window: MaintenanceWindow
  private let quantity: Int

  public init(_ arguments: Arguments) throws {
    window = try MaintenanceWindow(arguments)
    quantity = arguments.integer("quantity") ?? Self.usual
    guard quantity >= 0 else {
      throw ActionError(
        "rest.quantity", "step \(arguments.step): there can't be \(quantity) of a resource",
        advice: "in normal times it is \(Self.usual)")
    }
  }

  public var rechecked: [FactKey] { [window.quantityKey] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    try await window.observe(observer)
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = window.gap(in: observation) { return .unknown(gap) }
    let seen = window.quantity(in: observation) ?? 0
    return seen == quantity
      ? .satisfied("\(window.words) has \(quantity) to give")
      : .needed("set \(window.words) from \(seen) to \(quantity)")
  }

  public func predict(_ observation: Observation) -> Observation? {
    window.prediction(of: quantity)
  }

  public func operations(given observation: Observation) -> [Operation] {
    window.operations(setting: quantity, given: observation)
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    try await window.set(quantity, `operator`, given: observation)
  }
}
