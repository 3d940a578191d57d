import Runbook

/// The fences that steps of this run have set and seen. What they say of a target stands in for the target's own answer
/// while it can't be asked, and is looked at anew each time: a fence may be lifted behind a run's back.
actor Fences {
  private struct Fence {
    let action: any FencingAction
    let timeout: Duration
    let keys: Set<FactKey>
  }

  private let world: any OperableWorld
  private let time: any TimeSource
  private var fences: [(step: String, fence: Fence)] = []

  init(world: any OperableWorld, time: any TimeSource) {
    self.world = world
    self.time = time
  }

  /// A step has ended, and its action was seen to be satisfied.
  func keep(_ action: any Action, of step: String, timeout: Duration) {
    guard let action = action as? any FencingAction else { return }
    let keys = (action.predict(Observation())?.facts ?? []).map(\.key)
    fences.removeAll { $0.step == step }
    fences.append((step, Fence(action: action, timeout: timeout, keys: Set(keys))))
  }

  /// What was seen, with its gaps filled by what fences say of targets that can't be asked.
  func fill(_ seen: Observation) async throws -> Observation {
    var result = seen
    for (_, fence) in fences {
      guard result.unreachable.contains(where: { fence.keys.contains($0.key) }) else { continue }
      let sight = try await fence.action.look(
        with: world.makeObserver(), within: fence.timeout, time: time, lay: { $0 })
      result = result.filled(with: sight.observation.facts.filter { $0.reading.value != nil })
    }
    return result
  }
}
