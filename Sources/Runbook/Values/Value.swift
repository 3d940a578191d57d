/// A resolved value: of a parameter, an argument, or a fact. Shaped like JSON, without fractions: quantities are
/// integers whose name ends in their unit (`lag_ms`, `free_bytes`).
public enum Value: Sendable, Hashable {
  case null
  case boolean(Bool)
  case integer(Int)
  case string(String)
  case list([Value])
  case mapping([String: Value])
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(arrayLiteral elements: Value...) { self = .list(elements) }
  public init(dictionaryLiteral elements: (String, Value)...) {
    self = .mapping(Dictionary(elements, uniquingKeysWith: { _, last in last }))
  }
}

extension Value {
  public var string: String? { if case .string(let string) = self { string } else { nil } }
  public var integer: Int? { if case .integer(let integer) = self { integer } else { nil } }
  public var boolean: Bool? { if case .boolean(let boolean) = self { boolean } else { nil } }
  public var list: [Value]? { if case .list(let list) = self { list } else { nil } }
  public var mapping: [String: Value]? {
    if case .mapping(let mapping) = self { mapping } else { nil }
  }
}

extension Value: CustomStringConvertible {
  /// As a person reads it in a message: strings bare, mappings in the order of their keys.
  public var description: String {
    switch self {
    case .null: "nothing"
    case .boolean(let boolean): boolean ? "true" : "false"
    case .integer(let integer): String(integer)
    case .string(let string): string
    case .list(let list): "[" + list.map(\.description).joined(separator: ", ") + "]"
    case .mapping(let mapping):
      "{"
        + mapping.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        .joined(separator: ", ") + "}"
    }
  }
}

extension Value: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    // The commonest kinds first: each miss throws an error on its way.
    if container.decodeNil() {
      self = .null
    } else if let string = try? container.decode(String.self) {
      self = .string(string)
    } else if let mapping = try? container.decode([String: Value].self) {
      self = .mapping(mapping)
    } else if let list = try? container.decode([Value].self) {
      self = .list(list)
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else {
      self = .integer(try container.decode(Int.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let boolean): try container.encode(boolean)
    case .integer(let integer): try container.encode(integer)
    case .string(let string): try container.encode(string)
    case .list(let list): try container.encode(list)
    case .mapping(let mapping): try container.encode(mapping)
    }
  }
}
