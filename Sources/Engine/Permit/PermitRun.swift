import Journal
import Runbook

/// As much of a run's plan as the permit depends on: which steps take a scheduler down, which start one, and which make a
/// site's copy of the database the primary.
struct PermitRun: Sendable {
  struct Step: Sendable {
    enum Effect: Sendable {
      case takesDown(Host)
      case starts(Host)
      case promotes(site: String)
    }

    let action: String
    let target: String
    let effect: Effect
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
  private static let promotion = "replication.reverse"

  /// By id; only those that touch a scheduler host, or the primary.
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
      guard let target = step.target, let effect = Self.effect(of: step, on: target) else {
        continue
      }
      steps[step.id] = Step(action: step.action, target: target.description, effect: effect)
    }
    self.steps = steps
  }

  private static func effect(of step: Outline.Step, on target: Target) -> Step.Effect? {
    switch target {
    case .host(let host) where host.isScheduler:
      if step.action == start { return .starts(host) }
      let lifts = step.arguments["state"] == .value("unfenced")
      return takingDown.contains(step.action) && !lifts ? .takesDown(host) : nil
    case .database where step.action == promotion:
      guard case .value(.string(let site))? = step.arguments["to"] else { return nil }
      return .promotes(site: site)
    default: return nil
    }
  }
}
