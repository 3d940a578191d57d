import Journal
import Runbook

/// As much of a run's plan as the permit depends on: which steps take a scheduler down, and which start one.
struct PermitRun: Sendable {
  struct Step: Sendable {
    let host: Host
    let action: String
    let takesDown: Bool
    let starts: Bool
  }

  private struct Outline: Decodable {
    struct Step: Decodable {
      let id: String
      let action: String
      let target: Target?
      let arguments: [String: PlannedValue]
    }

    let steps: [Step]
    let inventory: Inventory
  }

  private static let start = "service.start"
  private static let takingDown = ["service.stop", "fence.command"]

  /// By id; only those whose target is a scheduler host.
  let steps: [String: Step]
  /// Whether its schedulers are those of the inventory that the permit is asked under.
  let isOfThisInventory: Bool

  init(_ plan: JSON, against hosts: [Host]) throws {
    let outline = try plan.decode(Outline.self)
    let own = Set(hosts.map(\.id))
    let theirs = outline.inventory.schedulerHosts()
    let isOther = own.isDisjoint(with: theirs.map(\.id))
    isOfThisInventory = Set(theirs.map(\.id)) == own
    var steps: [String: Step] = [:]
    for step in outline.steps where !isOther {
      guard case .host(let host)? = step.target, host.guid != nil else { continue }
      let lifts = step.arguments["state"] == .value("unfenced")
      steps[step.id] = Step(
        host: host, action: step.action,
        takesDown: Self.takingDown.contains(step.action) && !lifts,
        starts: step.action == Self.start)
    }
    self.steps = steps
  }
}
