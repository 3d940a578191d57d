import Runbook

/// Which steps may run now: those whose dependencies are done, in written order where several may, and of a fan-out as
/// many hosts at once as it allows.
struct StepOrder {
  private let steps: [PlannedStep]
  /// By place: how many of the step's dependencies aren't done.
  private var unmet: [Int]
  /// By the id that is waited for: the places that wait.
  private var followers: [String: [Int]] = [:]
  /// Places whose dependencies are done, and that have not been taken.
  private var ready: [Int]
  private var begun: Set<Int> = []
  private var fanOuts: [String: (left: Int, running: Int)] = [:]

  init(_ steps: [PlannedStep]) {
    self.steps = steps
    unmet = steps.map(\.depends.count)
    ready = steps.indices.filter { steps[$0].depends.isEmpty }
    for (place, step) in steps.enumerated() {
      for id in step.depends { followers[id, default: []].append(place) }
      if let fanOut = step.fanOut { fanOuts[fanOut.step, default: (0, 0)].left += 1 }
    }
  }

  /// Takes the steps that may start, with their places. `may` holds back what its caller doesn't want begun.
  mutating func takeReady(where may: (PlannedStep) -> Bool = { _ in true }) -> [(
    place: Int, step: PlannedStep
  )] {
    var taken: [Int] = []
    var left: [Int] = []
    for place in ready {
      let step = steps[place]
      if may(step), hasRoom(for: step) {
        if let fanOut = step.fanOut { fanOuts[fanOut.step]?.running += 1 }
        taken.append(place)
      } else {
        left.append(place)
      }
    }
    ready = left
    begun.formUnion(taken)
    return taken.map { ($0, steps[$0]) }
  }

  /// Takes what has not been begun, whatever it waits for, in written order.
  mutating func takeLeft(where wanted: (PlannedStep) -> Bool) -> [(place: Int, step: PlannedStep)] {
    let taken = steps.indices.filter { !begun.contains($0) && wanted(steps[$0]) }
    ready.removeAll(where: taken.contains)
    begun.formUnion(taken)
    return taken.map { ($0, steps[$0]) }
  }

  private func hasRoom(for step: PlannedStep) -> Bool {
    guard let fanOut = step.fanOut else { return true }
    return fanOuts[fanOut.step, default: (0, 0)].running < fanOut.maxParallel
  }

  /// A step is done; a fan-out is when all of its hosts are.
  mutating func finish(_ step: PlannedStep) {
    free(step)
    guard let fanOut = step.fanOut else { return release(followersOf: step.id) }
    fanOuts[fanOut.step]?.left -= 1
    if fanOuts[fanOut.step]?.left == 0 { release(followersOf: fanOut.step) }
  }

  /// A step has ended without being done: what depends on it must not begin.
  mutating func free(_ step: PlannedStep) {
    if let fanOut = step.fanOut { fanOuts[fanOut.step]?.running -= 1 }
  }

  private mutating func release(followersOf id: String) {
    let released = (followers[id] ?? []).filter { place in
      unmet[place] -= 1
      return unmet[place] == 0
    }
    guard !released.isEmpty else { return }
    ready = (ready + released).sorted()
  }

  /// The ids, as the runbook calls them, of what has not been begun on every host.
  var left: [String] {
    var ids: [String] = []
    for place in steps.indices where !begun.contains(place) && ids.last != steps[place].runbookID {
      ids.append(steps[place].runbookID)
    }
    return ids
  }
}
