/// Until when a step of a plan can be undone: a line of the plan's map of no return.
public struct WayBackRecord: Sendable, Hashable, Codable {
  public enum Undo: String, Sendable, Hashable, Codable {
    /// It changes nothing.
    case nothing
    /// Exactly, until one of the steps in `until` has begun to act.
    case exact
    /// It comes after the point of no return: by itself it could be undone, and the run can't be aborted any more.
    case beyond
    /// It can't be undone: a point of no return, unless one comes before it.
    case never
  }

  /// As the runbook calls it.
  public let step: String
  public let undo: Undo
  /// The action that undoes it.
  public let by: String?
  /// Of `exact` the steps with which that ends, none when it lasts until the run is done; of the others the points of no
  /// return that come before it.
  public let until: [String]
  /// Why it can't be undone.
  public let because: String?

  public init(
    step: String, undo: Undo, by: String? = nil, until: [String] = [], because: String? = nil
  ) {
    self.step = step
    self.undo = undo
    self.by = by
    self.until = until
    self.because = because
  }
}

/// Which run another one undoes, and how far that was read.
public struct AbortsRecord: Sendable, Hashable, Codable {
  public let run: String
  /// The place of the first intent that is undone.
  public let firstIntent: Int
  /// The place of the last entry of that run on which the undoing stands.
  public let lastEntry: Int

  public init(run: String, firstIntent: Int, lastEntry: Int) {
    self.run = run
    self.firstIntent = firstIntent
    self.lastEntry = lastEntry
  }

  enum CodingKeys: String, CodingKey {
    case run
    case firstIntent = "first_intent"
    case lastEntry = "last_entry"
  }
}

/// Another run has begun to undo this one: it can't be resumed any more.
public struct RunAborted: Record {
  public static let kind = "run.aborted"
  /// The run that undoes it.
  public let by: String
  public let person: PersonRecord

  public init(by: String, person: PersonRecord) {
    self.by = by
    self.person = person
  }
}
