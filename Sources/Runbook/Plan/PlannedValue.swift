/// A value in a plan: known already, or to be had from an earlier step's observation when the run gets there.
public indirect enum PlannedValue: Sendable, Hashable {
  case value(Value)
  /// `${steps.ID.outcome}` or `${steps.ID.PROPERTY}`.
  case later(StepReference)
  /// Text with references in it.
  case text([PlannedValue])
  case list([PlannedValue])
  case mapping([String: PlannedValue])

  /// The steps' observations that it waits for.
  public var references: [StepReference] {
    switch self {
    case .value: []
    case .later(let reference): [reference]
    case .text(let parts), .list(let parts): parts.flatMap(\.references)
    case .mapping(let parts): parts.values.flatMap(\.references)
    }
  }

  /// The value, once `lookup` can answer for every reference. What `lookup` throws is passed on.
  public func resolved(_ lookup: (StepReference) throws -> Value) rethrows -> Value {
    switch self {
    case .value(let value): value
    case .later(let reference): try lookup(reference)
    case .text(let parts): .string(try parts.map { try $0.resolved(lookup).description }.joined())
    case .list(let items): .list(try items.map { try $0.resolved(lookup) })
    case .mapping(let items): .mapping(try items.mapValues { try $0.resolved(lookup) })
    }
  }
}

/// In JSON an object with one key, which names the case: `{"value": "dr"}`.
extension PlannedValue: Codable {
  private enum CodingKeys: String, CodingKey { case value, later, text, list, mapping }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    guard container.allKeys.count == 1, let key = container.allKeys.first else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "expected one key"))
    }
    self =
      switch key {
      case .value: .value(try container.decode(Value.self, forKey: key))
      case .later: .later(try container.decode(StepReference.self, forKey: key))
      case .text: .text(try container.decode([PlannedValue].self, forKey: key))
      case .list: .list(try container.decode([PlannedValue].self, forKey: key))
      case .mapping: .mapping(try container.decode([String: PlannedValue].self, forKey: key))
      }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .value(let value): try container.encode(value, forKey: .value)
    case .later(let reference): try container.encode(reference, forKey: .later)
    case .text(let parts): try container.encode(parts, forKey: .text)
    case .list(let items): try container.encode(items, forKey: .list)
    case .mapping(let items): try container.encode(items, forKey: .mapping)
    }
  }
}

/// What an earlier step saw or how it ended.
public struct StepReference: Sendable, Hashable, Codable, CustomStringConvertible {
  public let step: String
  /// `outcome`, or the property of one of the facts that the step observed last; the first subject that has it.
  public let property: String

  public init(step: String, property: String) {
    self.step = step
    self.property = property
  }

  public var description: String { "${steps.\(step).\(property)}" }
}

/// A step's `when`: all comparisons must hold, else the step is skipped.
public struct Condition: Sendable, Hashable, Codable {
  public struct Comparison: Sendable, Hashable, Codable {
    public let left: PlannedValue
    public let isEqual: Bool
    public let right: PlannedValue

    public init(left: PlannedValue, isEqual: Bool, right: PlannedValue) {
      self.left = left
      self.isEqual = isEqual
      self.right = right
    }

    enum CodingKeys: String, CodingKey {
      case left, right
      case isEqual = "equal"
    }
  }

  /// As written, for messages.
  public let text: String
  public let comparisons: [Comparison]

  public init(text: String, comparisons: [Comparison]) {
    self.text = text
    self.comparisons = comparisons
  }

  public func holds(_ lookup: (StepReference) throws -> Value) rethrows -> Bool {
    try comparisons.allSatisfy { comparison in
      let left = try comparison.left.resolved(lookup).description
      let right = try comparison.right.resolved(lookup).description
      return (left == right) == comparison.isEqual
    }
  }
}
