public import Runbook

/// `drill.absent`
public struct DrillAbsent: Action {
  public static let schema = ActionSchema(
    name: "drill.absent",
    summary: "Check that no drill is under way, and that none has left anything",
    discussion: """
      Satisfied when the services of the drill's host are down and the drill's directory isn't there. What is there is
      removed by the run that made it, when that is resumed or aborted, or by `drill.remove`.
      """,
    target: .databaseAtSite,
    effect: .checks,
    facts: DrillRemove.schema.facts,
    example: """
      id: no-other-drill
      action: drill.absent
      target: scheduler@dr.drill
      """)

  private let removal: DrillRemove

  public init(_ arguments: Arguments) throws { removal = try DrillRemove(arguments) }

  public var destinations: [Destination] { removal.destinations }

  public func probe(_ observer: any Observer) async throws -> Observation {
    try await removal.probe(observer)
  }

  public func judge(_ observation: Observation) -> Verdict {
    switch removal.judge(observation) {
    case .satisfied(let words): .satisfied(words)
    case .needed(let work), .blocked(let work):
      .needed(
        "another drill is under way, or was not removed, for there is something to do: \(work). Resume or "
          + "abort its run; scheduler-drill-removal.yaml is for one that can't be")
    case .unknown(let why): .unknown(why)
    }
  }
}
