/// What a stretch of time was spent on. Of several things at once the one that comes first here counts.
public enum Activity: String, Sendable, Hashable, Codable, CaseIterable {
  case acting
  /// Looking before acting, looking until it is so, and pauses before another try.
  case probing
  /// Waiting for an answer, also while the run was stopped for it.
  case people
  /// None of the steps was in hand.
  case between
  /// Nobody ran it: it had ended for a time, or its runner was dead.
  case stopped
  /// From the start of the disaster to the start of the run.
  case before
}

/// A stretch of time, in milliseconds since the run's start.
public struct Span: Sendable, Hashable, Codable {
  public let activity: Activity
  public let fromMs: Int
  public let toMs: Int
  /// Of a step's acting: which try.
  public let attempt: Int?

  public var ms: Int { toMs - fromMs }

  enum CodingKeys: String, CodingKey {
    case activity, attempt
    case fromMs = "from_ms"
    case toMs = "to_ms"
  }
}

/// How much time went into one activity.
public struct Spent: Sendable, Hashable, Codable {
  public let activity: Activity
  public let ms: Int
}

/// The run's time, from its first entry to its last. The parts add up to the whole.
public struct TimeSpent: Sendable, Hashable, Codable {
  public let totalMs: Int
  public let spent: [Spent]
  public let spans: [Span]

  enum CodingKeys: String, CodingKey {
    case spent, spans
    case totalMs = "total_ms"
  }
}

/// A step that the run's end waited for.
public struct CriticalStep: Sendable, Hashable, Codable {
  public let step: String
  /// From the end of the one before it to its own end.
  public let ms: Int
}

extension [Span] {
  /// The sum of each activity between two moments.
  func spent(from start: Int, to end: Int) -> [Spent] {
    var sums: [Activity: Int] = [:]
    for span in self {
      let ms = Swift.min(span.toMs, end) - Swift.max(span.fromMs, start)
      if ms > 0 { sums[span.activity, default: 0] += ms }
    }
    return Activity.allCases.compactMap { activity in
      sums[activity].map { Spent(activity: activity, ms: $0) }
    }
  }
}
