import Foundation

/// Anything that JSON can say, kept exactly: what is put back must be what was read, but for what is to change.
enum RESTValue: Sendable, Hashable {
  case null
  case boolean(Bool)
  case number(Decimal)
  case text(String)
  case list([RESTValue])
  case record([String: RESTValue])

  var boolean: Bool? { if case .boolean(let boolean) = self { boolean } else { nil } }
  var text: String? { if case .text(let text) = self { text } else { nil } }
  var list: [RESTValue]? { if case .list(let list) = self { list } else { nil } }
  var record: [String: RESTValue]? { if case .record(let record) = self { record } else { nil } }

  /// A whole number.
  var integer: Int? { if case .number(let number) = self { Int(number.description) } else { nil } }

  static func integer(_ number: Int) -> RESTValue { .number(Decimal(number)) }

  /// Nil of what isn't JSON.
  init?(json: String) {
    guard let value = try? JSONDecoder().decode(RESTValue.self, from: Data(json.utf8)) else {
      return nil
    }
    self = value
  }

  /// As JSON, with the keys in their order.
  func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self)
  }
}

extension RESTValue: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let record = try? container.decode([String: RESTValue].self) {
      self = .record(record)
    } else if let list = try? container.decode([RESTValue].self) {
      self = .list(list)
    } else if let boolean = try? container.decode(Bool.self) {
      self = .boolean(boolean)
    } else {
      self = .number(try container.decode(Decimal.self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let boolean): try container.encode(boolean)
    case .number(let number): try container.encode(number)
    case .text(let text): try container.encode(text)
    case .list(let list): try container.encode(list)
    case .record(let record): try container.encode(record)
    }
  }
}
