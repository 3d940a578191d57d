public import Runbook

extension ReplicationReverse {
  public var undoability: Undoability {
    if !intent.isGraceful { return .inexact("what the old primary alone has may be lost by it") }
    if intent.suspendsSynchronous {
      return .inexact("commits of the new primary may not have waited for a replica")
    }
    return .exact(by: Self.schema.name)
  }

  /// Reversing back, without loss, to the copy that was the primary. A reversal that came past the promotion and no further
  /// is completed first: only from a copy that follows can the new primary be drained to.
  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    let sources = intent.others.filter { before.role(of: $0) == .primary }
    guard case .exact = undoability, before.role(of: intent.target) == .replica, sources.count == 1,
      intent.others.allSatisfy({ before.role(of: $0) != nil })
    else { return nil }
    let isHalfDone = now.role(of: intent.target) == .primary && !judge(now).isSatisfied
    return ((isHalfDone ? [intent.target.site] : []) + [sources[0].site]).map(reversal)
  }

  private func reversal(to site: String) -> UndoStep {
    UndoStep(
      Self.schema.name, .database(intent.target.database),
      [
        "to": .string(site), "mode": "graceful",
        "drain_timeout": .string(intent.drainTimeout.runbookText),
      ])
  }
}
