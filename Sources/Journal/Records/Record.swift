/// The body of an entry: one struct a kind. Their JSON is a published contract (docs/journal-format.md): a field may be
/// added, and never changes its meaning.
public protocol Record: Sendable, Hashable, Codable {
  /// The entry's `kind`: `run.started`.
  static var kind: String { get }
}

extension Entry {
  /// The body as the record of this kind; nil when the entry is of another kind.
  public func record<R: Record>(_ type: R.Type) throws -> R? {
    kind == R.kind ? try body.decode(R.self) : nil
  }
}

/// A fact as it is kept.
public struct FactRecord: Sendable, Hashable, Codable {
  public let subject: String
  public let property: String
  /// Absent when there was none; `gap` then says why.
  public let value: JSON?
  public let gap: String?
  /// Whether the gap is that the target couldn't be asked.
  public let unreachable: Bool?
  /// `probed`, `predicted` or `attested`.
  public let source: String
  public let at: Timestamp

  public init(
    subject: String, property: String, value: JSON?, gap: String? = nil,
    unreachable: Bool? = nil, source: String, at: Timestamp
  ) {
    self.subject = subject
    self.property = property
    self.value = value
    self.gap = gap
    self.unreachable = unreachable
    self.source = source
    self.at = at
  }
}

/// An error as it is kept: the code is stable, the words are for people.
public struct FailureRecord: Sendable, Hashable, Codable {
  public let code: String
  public let message: String
  public let advice: String?

  public init(code: String, message: String, advice: String? = nil) {
    self.code = code
    self.message = message
    self.advice = advice
  }
}

/// What an action made of an observation.
public struct VerdictRecord: Sendable, Hashable, Codable {
  /// `satisfied`, `needed`, `blocked` or `unknown`.
  public let verdict: String
  public let explanation: String

  public init(verdict: String, explanation: String) {
    self.verdict = verdict
    self.explanation = explanation
  }
}

/// What a guard found immediately before acting.
public struct GuardRecord: Sendable, Hashable, Codable {
  public let id: String
  public let demand: String
  /// `holds`, `violated` or `unknown`.
  public let finding: String
  public let explanation: String?
  /// The reason for which it was overridden, when it was.
  public let overridden: String?

  public init(
    id: String, demand: String, finding: String, explanation: String? = nil,
    overridden: String? = nil
  ) {
    self.id = id
    self.demand = demand
    self.finding = finding
    self.explanation = explanation
    self.overridden = overridden
  }
}
