public import struct Foundation.Date

/// What a fact is about: a subject and one of its properties, as `dr.scheduler/server` and `state`.
/// `FactNames.swift` lists the properties that more than one action speaks of.
public struct FactKey: Sendable, Hashable, Comparable, Codable, CustomStringConvertible {
  public let subject: String
  public let property: String

  public init(_ subject: String, _ property: String) {
    self.subject = subject
    self.property = property
  }

  public var description: String { "\(subject) \(property)" }

  public static func < (left: FactKey, right: FactKey) -> Bool {
    (left.subject, left.property) < (right.subject, right.property)
  }
}

/// What looking gave: a value, or why there is none.
public enum Reading: Sendable, Hashable {
  case value(Value)
  /// The target couldn't be asked at all: a dead host, a refused connection, a time-out.
  case unreachable(String)
  /// The target answered, and yet the answer isn't known.
  case unknown(String)

  public var value: Value? { if case .value(let value) = self { value } else { nil } }
}

/// Where a fact comes from.
public enum FactSource: String, Sendable, Hashable, Codable {
  case probed, predicted, attested
}

/// One typed statement about a target.
public struct Fact: Sendable, Hashable {
  public let key: FactKey
  public let reading: Reading
  public var source: FactSource
  /// When it was seen, predicted or attested. The engine sets it; an action leaves it out.
  public var at: Date?

  public init(
    _ subject: String, _ property: String, _ reading: Reading, source: FactSource = .probed,
    at: Date? = nil
  ) {
    self.key = FactKey(subject, property)
    self.reading = reading
    self.source = source
    self.at = at
  }

  public init(_ subject: String, _ property: String, _ value: Value) {
    self.init(subject, property, .value(value))
  }
}
