/// What an action makes of an observation.
public enum Verdict: Sendable, Hashable {
  /// It is as the step wants it: there is nothing to do.
  case satisfied(String)
  /// It is not yet so; the text says what acting would do (or, of a check, what is missing).
  case needed(String)
  /// It is not so, and acting can't bring it about.
  case blocked(String)
  /// It can't be told from what was seen.
  case unknown(String)

  public var explanation: String {
    switch self {
    case .satisfied(let text), .needed(let text), .blocked(let text), .unknown(let text): text
    }
  }

  public var name: String {
    switch self {
    case .satisfied: "satisfied"
    case .needed: "needed"
    case .blocked: "blocked"
    case .unknown: "unknown"
    }
  }

  public var isSatisfied: Bool { if case .satisfied = self { true } else { false } }
}
