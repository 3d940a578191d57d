/// One check of a readiness run.
public struct ReadinessJudged: Record {
  public static let kind = "readiness.judged"

  public enum Finding: String, Sendable, Hashable, Codable, CaseIterable {
    case ready
    case notReady = "not_ready"
    case cannotTell = "cannot_tell"
  }

  public let name: String
  public let action: String
  public let target: String?
  public let finding: Finding
  /// What was seen.
  public let message: String
  /// What to do about it; absent when it is ready.
  public let advice: String?
  public let observation: [FactRecord]

  public init(
    name: String, action: String, target: String?, finding: Finding, message: String,
    advice: String?, observation: [FactRecord]
  ) {
    self.name = name
    self.action = action
    self.target = target
    self.finding = finding
    self.message = message
    self.advice = advice
    self.observation = observation
  }
}
