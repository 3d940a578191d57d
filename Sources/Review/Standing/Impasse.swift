/// Why a run that stopped can't go on, or back, whatever is put right: what other runs have done since.
public struct Impasse: Sendable, Hashable {
  public let message: String
  public let advice: String?

  public init(message: String, advice: String?) {
    self.message = message
    self.advice = advice
  }
}
