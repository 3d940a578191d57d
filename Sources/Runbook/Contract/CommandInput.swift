/// What a command reads. It may hold secrets, whose text is had only when the command goes out: a command's arguments and
/// environment can be read by others on its host, its input can't.
///
///     let input: CommandInput = "[client]\npassword=\"\(secret: password, as: .optionFileValue)\"\n"
public struct CommandInput: Sendable, Hashable, ExpressibleByStringInterpolation {
  /// How a secret is written where it stands.
  public enum Notation: Sendable, Hashable {
    /// Between double quotes in an option file of MariaDB's programs.
    case optionFileValue

    public func written(_ secret: String) -> String {
      switch self {
      case .optionFileValue:
        secret.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
          .replacing("\n", with: "\\n").replacing("\r", with: "\\r").replacing("\t", with: "\\t")
      }
    }
  }

  public enum Part: Sendable, Hashable {
    case text(String)
    case secret(SecretReference, Notation)
  }

  public let parts: [Part]

  public init(_ text: String) { parts = [.text(text)] }
  public init(stringLiteral text: String) { parts = [.text(text)] }
  public init(stringInterpolation: StringInterpolation) { parts = stringInterpolation.parts }

  public struct StringInterpolation: StringInterpolationProtocol {
    var parts: [Part] = []

    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ text: String) { parts.append(.text(text)) }
    public mutating func appendInterpolation(_ text: String) { parts.append(.text(text)) }
    public mutating func appendInterpolation(
      secret: SecretReference, as notation: Notation
    ) { parts.append(.secret(secret, notation)) }
  }
}
