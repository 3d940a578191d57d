/// Whether what a step changes can be brought back exactly: every fact that it changed is again what it was, but for those
/// that only rise, as an epoch or a position.
public enum Undoability: Sendable, Hashable {
  /// By steps of this action.
  case exact(by: String)
  /// Why it can't, in words for a person.
  case inexact(String)
}

/// A step that takes another one back: what a runbook would say of it.
public struct UndoStep: Sendable, Hashable {
  public let action: String
  public let target: Target
  public let arguments: [String: Value]

  public init(_ action: String, _ target: Target, _ arguments: [String: Value]) {
    self.action = action
    self.target = target
    self.arguments = arguments
  }
}

extension ActingAction {
  public var undoability: Undoability {
    switch Self.schema.reversibility {
    case .reversible(let action):
      .inexact("\(action) is a way back, and doesn't bring back exactly what was")
    case .nothingChanged, .irreversible:
      .inexact("what \(Self.schema.name) changes can't be brought back")
    }
  }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? { nil }
}
