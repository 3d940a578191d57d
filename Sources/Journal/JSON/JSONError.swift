/// What is wrong with a JSON text, or with a value that has no canonical text.
public struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Code: String, Sendable, CaseIterable {
    /// The text isn't JSON, or not strict enough: duplicate keys, invalid UTF-8, lone surrogates.
    case malformed = "json.malformed"
    /// A number that no double holds exactly enough: infinite, vanishing or an imprecise integer.
    case numberOutOfRange = "json.number_out_of_range"
    /// Arrays and objects are nested deeper than `JSON.maximumDepth`.
    case tooDeep = "json.too_deep"
    /// A value that `Encodable` wrote has no JSON form, or JSON doesn't have the decoded shape.
    case mismatched = "json.mismatched"
  }

  public let code: Code
  public let message: String
  /// Where in the text, in bytes from its start; nil when the value didn't come from a text.
  public let offset: Int?

  public var description: String {
    guard let offset else { return "\(code.rawValue): \(message)" }
    return "\(code.rawValue): \(message) (byte \(offset))"
  }
}
