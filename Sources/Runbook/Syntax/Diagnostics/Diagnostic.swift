/// One thing that is wrong in a text: where, what was expected instead, and what to do next.
public struct Diagnostic: Sendable, Hashable, Codable, CustomStringConvertible {
  public enum Severity: String, Sendable, Codable {
    /// The document can't be used.
    case error
    /// The document can be used, and probably doesn't mean what it says.
    case warning
  }

  public let severity: Severity
  public let code: DiagnosticCode
  /// What is wrong, and what was expected.
  public let message: String
  /// The nearest known word or the next step, when there is one to name.
  public let hint: String?
  /// The file's name as the reader was given it.
  public let file: String
  /// Nil when it is about no place in the file.
  public let position: SourcePosition?

  public init(
    severity: Severity, code: DiagnosticCode, message: String, hint: String? = nil, file: String,
    position: SourcePosition?
  ) {
    self.severity = severity
    self.code = code
    self.message = message
    self.hint = hint
    self.file = file
    self.position = position
  }

  /// `file:line:column: error: message (code)`, and the hint on a second line.
  public var description: String {
    let place = position.map { "\(file):\($0)" } ?? file
    let first = "\(place): \(severity.rawValue): \(message) (\(code))"
    return hint.map { "\(first)\n  hint: \($0)" } ?? first
  }
}
