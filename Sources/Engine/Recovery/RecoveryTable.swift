public import Runbook

/// How far the journal says a step came before the run stopped.
public enum RecordedProgress: String, Sendable, Hashable, CaseIterable {
  /// Nothing that could have changed the world.
  case nothing
  /// The intent is there: `act` may have begun, and may have done anything from nothing to all.
  case intent
  /// `act` returned; whether it took effect was not verified.
  case acted
  /// A probe after `act` was satisfied, and the outcome is there.
  case verified
}

/// What to do with a step when a run is resumed.
public enum RecoveryDecision: String, Sendable, Hashable, CaseIterable {
  /// As in a fresh run.
  case start
  /// Nothing: it is done, and still so.
  case skip
  /// Write down that it is done: the effect is there, the entry was lost.
  case conclude
  /// Probe until it is so or the step's time is up: the effect may still be coming.
  case await
  /// Act again.
  case redo
  /// Only a person can tell.
  case ask
}

/// What recovery does for every state that a crash can leave. A table and not code, so that it can be read, and tested
/// for every row.
public enum RecoveryTable {
  public static func decide(
    recorded: RecordedProgress, verdict: Verdict, isRepeatable: Bool
  ) -> RecoveryDecision {
    switch (recorded, verdict, isRepeatable) {
    case (.nothing, _, _): .start

    case (.intent, .satisfied, _): .conclude
    case (.intent, .needed, true): .redo
    case (.intent, .needed, false): .ask
    case (.intent, .blocked, _): .ask
    case (.intent, .unknown, _): .ask

    case (.acted, .satisfied, _): .conclude
    case (.acted, .needed, true): .redo
    case (.acted, .needed, false): .await
    case (.acted, .blocked, _): .ask
    case (.acted, .unknown, _): .await

    case (.verified, .satisfied, _): .skip
    // Undone since: somebody or something moved the world back.
    case (.verified, .needed, true): .redo
    case (.verified, .needed, false): .ask
    case (.verified, .blocked, _): .ask
    // It was verified once. What depends on it brings guards of its own, with fresh probes.
    case (.verified, .unknown, _): .skip
    }
  }
}
