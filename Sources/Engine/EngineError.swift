/// Why a run could not begin or go on. `code` is stable.
public struct EngineError: Error, Sendable, Hashable, CustomStringConvertible {
  public let code: String
  public let message: String
  public let advice: String?

  public init(_ code: String, _ message: String, advice: String? = nil) {
    self.code = code
    self.message = message
    self.advice = advice
  }

  public var description: String { advice.map { "\(message); \($0)" } ?? message }
}
