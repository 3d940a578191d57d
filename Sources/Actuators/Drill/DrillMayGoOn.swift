public import Runbook

/// `drill.may_go_on`
public struct DrillMayGoOn: Action {
  public static let schema = ActionSchema(
    name: "drill.may_go_on",
    summary: "Check that production is in control as before, so that a drill may go on",
    discussion: """
      The target is the copy of the site that is in control. Satisfied as `failover_table.in_control` is, and looked at
      once more until the step's time is up. When production isn't in control any more, the drill ends here, removes what it
      made by the steps that are `always` done, and says that a real failover is now the thing to do.
      """,
    target: .databaseAtSite,
    effect: .checks,
    defaultTimeout: .seconds(20),
    facts: FailoverInControl.schema.facts,
    example: """
      id: production-goes-on
      action: drill.may_go_on
      target: scheduler@production
      """)

  private let control: FailoverInControl
  private let site: String

  public init(_ arguments: Arguments) throws {
    let copy = try arguments.databaseCopy()
    guard !copy.isDrills else {
      throw ActionError(
        "drill.target", "step \(arguments.step): \(copy.subject) is a drill's own copy",
        advice: "name the copy of the site that is in control, as scheduler@production")
    }
    control = try FailoverInControl(arguments)
    site = copy.site
  }

  public var destinations: [Destination] { control.destinations }

  public func probe(_ observer: any Observer) async throws -> Observation {
    try await control.probe(observer)
  }

  public func judge(_ observation: Observation) -> Verdict {
    switch control.judge(observation) {
    case .satisfied(let words): .satisfied(words)
    case .needed(let why): .needed(end(why))
    case .blocked(let why): .blocked(end(why))
    case .unknown(let why): .unknown(end(why))
    }
  }

  private func end(_ why: String) -> String {
    "\(why). The drill ends: see what is wrong with \(site), and begin the real failover if it is "
      + "lost; nothing of the drill stands in its way"
  }
}
