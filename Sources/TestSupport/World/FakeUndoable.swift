import Runbook

/// `fake.undoable`: sets a property, and can say how to set it back to a value that it had.
struct FakeUndoable: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.undoable", summary: "Sets a property", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .changes,
    reversibility: .reversible(by: "fake.undoable"), example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }

  var undoability: Undoability { .exact(by: Self.schema.name) }

  func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    before[goal.host.id, goal.property]?.string.map { value in
      [
        UndoStep(
          Self.schema.name, .host(goal.host),
          ["property": .string(goal.property), "value": .string(value)])
      ]
    }
  }
}
