internal import Foundation

extension JSON: Codable {
  public init(from decoder: any Decoder) throws {
    if let whole = decoder.userInfo[.wholeJSON] as? JSON, let part = whole[decoder.codingPath] {
      self = part
      return
    }
    let container = try decoder.singleValueContainer()
    // The commonest kinds first: each miss throws an error on its way.
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(String.self) {
      self = .string(value)
    } else if let value = try? container.decode([String: JSON].self) {
      self = .object(value)
    } else if let value = try? container.decode([JSON].self) {
      self = .array(value)
    } else if let value = try? container.decode(Bool.self) {
      self = .boolean(value)
    } else if let value = try? container.decode(Int64.self), JSON.exactIntegers.contains(value) {
      self = .integer(value)
    } else {
      self = .number(try container.decode(Double.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .string(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}

extension JSON {
  /// The JSON that `value` encodes itself as. `Date` is refused, because it would be written in a
  /// form of Foundation's own: use `Timestamp`. `Data` becomes Base64.
  public init(encoding value: some Encodable) throws(JSONError) {
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .custom { date, encoder in
      throw EncodingError.invalidValue(
        date, .init(codingPath: encoder.codingPath, debugDescription: "use Timestamp, not Date"))
    }
    let text: Data
    do {
      text = try encoder.encode(value)
    } catch {
      throw JSONError(
        code: .mismatched, message: "\(type(of: value)) has no JSON form: \(error)", offset: nil)
    }
    try self.init(parsing: text)
  }

  /// This value as a `T`. Throws `JSONError.Code.mismatched` naming the place that doesn't fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws(JSONError) -> T {
    let text = try canonical
    let decoder = JSONDecoder()
    decoder.userInfo[.wholeJSON] = self
    do {
      return try decoder.decode(type, from: text)
    } catch {
      throw JSONError(code: .mismatched, message: "this is no \(type): \(error)", offset: nil)
    }
  }
}

extension CodingUserInfoKey {
  /// The JSON of which a decoder reads the text: what is wanted as JSON needn't be read from that.
  fileprivate static let wholeJSON = CodingUserInfoKey(rawValue: "lifeboat.json")!
}

extension JSON {
  /// What stands at a decoder's place; nil when that can't be told.
  fileprivate subscript(path: [any CodingKey]) -> JSON? {
    path.reduce(Optional(self)) { part, key in
      switch part {
      case .object(let members)?: members[key.stringValue]
      case .array(let elements)?:
        key.intValue.flatMap { elements.indices.contains($0) ? elements[$0] : nil }
      default: nil
      }
    }
  }
}
