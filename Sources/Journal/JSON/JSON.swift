/// A JSON value, restricted to what RFC 8785 can write in exactly one way.
///
/// Two values are equal exactly when their canonical bytes are: strings are compared by their
/// Unicode scalars (not by canonical equivalence, as `String` does), and `.integer(1)` equals
/// `.number(1.0)`.
public enum JSON: Sendable {
  case null
  case boolean(Bool)
  /// A whole number. Only −(2⁵³ − 1) … 2⁵³ − 1 can be written: RFC 8785 numbers are IEEE 754 doubles.
  case integer(Int64)
  /// Any other number. Infinities and NaN can't be written.
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// The deepest nesting of arrays and objects that is read or written.
  public static let maximumDepth = 100

  /// The whole numbers that a double holds without its neighbours falling on the same value.
  static let exactIntegers: ClosedRange<Int64> = -9_007_199_254_740_991...9_007_199_254_740_991
}

extension JSON {
  /// The member `key` of an object; nil when it is absent or this is no object.
  public subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  /// The element at `index` of an array; nil when there is none or this is no array.
  public subscript(index: Int) -> JSON? {
    guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
    return elements[index]
  }

  public var isNull: Bool {
    guard case .null = self else { return false }
    return true
  }

  public var booleanValue: Bool? {
    guard case .boolean(let value) = self else { return nil }
    return value
  }

  /// The value as a whole number; nil when it is none.
  public var integerValue: Int64? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int64(exactly: value)
    default: nil
    }
  }

  public var numberValue: Double? {
    switch self {
    case .integer(let value): Double(exactly: value)
    case .number(let value): value
    default: nil
    }
  }

  public var stringValue: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  public var arrayValue: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  public var objectValue: [String: JSON]? {
    guard case .object(let value) = self else { return nil }
    return value
  }
}

extension JSON: Hashable {
  public static func == (left: JSON, right: JSON) -> Bool {
    switch (left, right) {
    case (.null, .null): true
    case (.boolean(let left), .boolean(let right)): left == right
    case (.integer(let left), .integer(let right)): left == right
    case (.number(let left), .number(let right)): left == right
    case (.integer(let integer), .number(let number)), (.number(let number), .integer(let integer)):
      exactIntegers.contains(integer) && Double(integer) == number
    case (.string(let left), .string(let right)): left.utf8.elementsEqual(right.utf8)
    case (.array(let left), .array(let right)): left == right
    case (.object(let left), .object(let right)): haveSameMembers(left, right)
    default: false
    }
  }

  private static func haveSameMembers(_ left: [String: JSON], _ right: [String: JSON]) -> Bool {
    guard left.count == right.count else { return false }
    return left.allSatisfy { key, value in
      guard let index = right.index(forKey: key) else { return false }
      return right[index].key.utf8.elementsEqual(key.utf8) && right[index].value == value
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .null: hasher.combine(0)
    case .boolean(let value): hasher.combine(value)
    case .integer(let value): hasher.combine(Double(value))
    case .number(let value): hasher.combine(value)
    case .string(let value): hasher.combine(value)
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
  }
}

extension JSON: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringLiteral, ExpressibleByStringInterpolation,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int64) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }

  /// A key written twice is a mistake in the program: as with `Dictionary`, it ends it.
  public init(dictionaryLiteral members: (String, JSON)...) {
    self = .object(Dictionary(uniqueKeysWithValues: members))
  }
}

extension JSON: CustomStringConvertible {
  /// The canonical text; for a value that has none, Swift's own description of it.
  public var description: String {
    do {
      return String(decoding: try canonical, as: UTF8.self)
    } catch {
      return "JSON that cannot be written: \(error.message)"
    }
  }
}
