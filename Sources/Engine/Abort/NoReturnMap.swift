public import Journal
public import Runbook

/// Until when each step of a plan can be undone. What one step does decides until when the ones before it can be taken
/// back: an abort undoes all or nothing, so the way back ends with the first step that can't be undone exactly.
public struct NoReturnMap: Sendable {
  /// In the plan's order, the hosts of a group as one step.
  public let steps: [WayBackRecord]

  public init(_ plan: Plan, _ catalogue: ActionCatalogue) {
    var ids: [String] = []
    var own: [String: Undoability?] = [:]
    var before: [String: Set<String>] = [:]
    for step in plan.steps {
      let id = step.runbookID
      if own[id] == nil { ids.append(id) }
      let undoability = step.undoability(catalogue, plan.inventory)
      own[id] = .some(Self.worse(own[id] ?? nil, undoability))
      let nearest = Set(step.depends)
      before[id] = nearest.reduce(nearest) { $0.union(before[$1] ?? []) }
    }
    let ends = ids.filter { if case .inexact = own[$0] ?? nil { true } else { false } }
    steps = ids.map { id in
      Self.record(id, own[id] ?? nil, ends: ends, before: before)
    }
  }

  /// Of the hosts of a group, what is true of all of them.
  private static func worse(_ left: Undoability?, _ right: Undoability?) -> Undoability? {
    if case .inexact = left { left } else { right ?? left }
  }

  private static func record(
    _ id: String, _ undoability: Undoability?, ends: [String], before: [String: Set<String>]
  ) -> WayBackRecord {
    guard let undoability else { return WayBackRecord(step: id, undo: .nothing) }
    let earlier = before[id] ?? []
    let passed = first(of: ends.filter(earlier.contains), before)
    switch undoability {
    case .inexact(let why):
      return WayBackRecord(step: id, undo: .never, until: passed, because: why)
    case .exact(let action):
      guard passed.isEmpty else {
        return WayBackRecord(step: id, undo: .beyond, by: action, until: passed)
      }
      return WayBackRecord(step: id, undo: .exact, by: action, until: first(of: ends, before))
    }
  }

  /// Those before which none of the others must be done.
  private static func first(of ids: [String], _ before: [String: Set<String>]) -> [String] {
    ids.filter { id in !ids.contains { before[id]?.contains($0) == true } }
  }
}

extension PlannedStep {
  /// Nil when it changes nothing.
  func undoability(_ catalogue: ActionCatalogue, _ inventory: Inventory) -> Undoability? {
    guard let type = catalogue[action], type.schema.effect == .changes else { return nil }
    do {
      let action = try makeAction(from: catalogue, inventory: inventory, facts: StepFacts())
      return (action as? any ActingAction)?.undoability
    } catch {
      return .inexact("what it does depends on what the run will see")
    }
  }
}
