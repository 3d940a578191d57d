import Foundation

/// The one shape of JSON that the lab reads and writes: snake_case keys in a fixed order.
enum JSON {
  static func encode(_ value: some Encodable, pretty: Bool = false) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    return try encoder.encode(value)
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  /// Reads a file; an unreadable one is an error that names it.
  static func read<Value: Decodable>(_ type: Value.Type, file: String) throws -> Value {
    let data = try File.read(file)
    do {
      return try decode(type, from: data)
    } catch {
      throw LabError(.invalidFile, "\(file): does not hold the expected JSON: \(error)")
    }
  }
}
