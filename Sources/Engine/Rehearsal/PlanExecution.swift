import Foundation
import Journal
public import Runbook

/// A saved plan that is to be executed, and what a person accepts to be otherwise than when it was rehearsed.
public struct PlanExecution: Sendable {
  let saved: SavedPlan
  /// Names of facts, as `production.scheduler/server state`.
  let acceptedDrift: Set<String>

  public init(_ saved: SavedPlan, acceptedDrift: Set<String> = []) {
    self.saved = saved
    self.acceptedDrift = acceptedDrift
  }

  /// The names among those accepted that no fact of this plan can have.
  public func unknownNames(_ plan: Plan, in catalogue: ActionCatalogue) -> [String] {
    let seen = saved.content.seen
    let findings = seen.flatMap { step in
      (["verdict"] + step.guards.keys.map { "guard \($0)" }).map { "\(step.step) \($0)" }
    }
    let subjects = Set(seen.flatMap { $0.facts.map(\.subject) })
    let properties = Set(
      seen.flatMap { catalogue[$0.action]?.schema.facts.map(\.name) ?? [] })
    let known = Set(findings + seen.flatMap { $0.facts.map(\.name) })
    return acceptedDrift.subtracting(known).filter { name in
      guard let space = name.lastIndex(of: " ") else { return true }
      return !subjects.contains(String(name[..<space]))
        || !properties.contains(String(name[name.index(after: space)...]))
    }.sorted()
  }

  /// Looks at everything again, as the rehearsal did, and says what has changed.
  func compare(
    _ plan: Plan, with surroundings: Surroundings, in world: any ObservableWorld
  ) async throws -> SavedPlanRecord {
    let now = try await lookAgain(plan, surroundings, world)
    let drift = Drift(
      from: saved.content.seen, to: now, of: plan, in: surroundings.catalogue)
    return SavedPlanRecord(
      rehearsal: saved.content.rehearsal, digest: saved.digest.description,
      savedAt: saved.content.at, compared: drift.compared,
      drift: drift.found(accepted: acceptedDrift))
  }

  /// As the file holds it: secrets that came up are blotted out in both.
  private func lookAgain(
    _ plan: Plan, _ surroundings: Surroundings, _ world: any ObservableWorld
  ) async throws -> [SeenStep] {
    var seen: [SeenStep] = []
    _ = try await Walk(surroundings: surroundings, world: world).go(
      through: plan,
      Walk.Keeper(
        precheck: { step, _, glance in
          seen.append(SeenStep(precheck: step, glance, at: surroundings.time.now()))
        },
        step: { step, judgement, _ in
          seen.append(SeenStep(step, judgement, at: surroundings.time.now()))
        }))
    return try surroundings.journal.redacted(JSON(encoding: seen)).decode([SeenStep].self)
  }
}

extension SavedPlanRecord {
  /// How many facts a message names; the entry holds them all.
  private static let named = 8

  /// Why the execution may not begin; nil when it may.
  var refusal: RunEnded? {
    guard !refused.isEmpty else { return nil }
    let more = refused.count - Self.named
    let named = refused.prefix(Self.named)
    let options = named.map { "--accept-drift '\($0.name.replacing("'", with: #"'\''"#))'" }
    return RunEnded(
      ending: .refused,
      message: "the world has moved since rehearsal \(rehearsal): "
        + named.map(\.spoken).joined(separator: "; ") + (more > 0 ? "; and \(more) more" : ""),
      code: "plan.world_moved",
      advice: "\(SavedPlan.adviceToSave); or accept each fact that differs, by "
        + options.joined(separator: " ") + (more > 0 ? " …" : ""),
      resumable: false, outcomes: [:])
  }
}
