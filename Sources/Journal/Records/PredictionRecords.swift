/// On what a rehearsal's judgements stand, by facts.
public struct FactsUsed: Sendable, Hashable, Codable {
  /// Seen now, or vouched for.
  public let probed: Int
  /// What earlier steps would bring about.
  public let predicted: Int

  public init(probed: Int, predicted: Int) {
    self.probed = probed
    self.predicted = predicted
  }
}

/// How many of an execution's predicted facts came true: of the steps that acted and were verified.
public struct PredictionTally: Sendable, Hashable, Codable {
  public struct Miss: Sendable, Hashable, Codable {
    public let step: String
    public let action: String
    public let subject: String
    public let property: String
    /// Nil when the fact was to have no value.
    public let predicted: JSON?
    public let observed: JSON?

    public init(step: String, action: String, _ miss: StepEnded.Miss) {
      self.step = step
      self.action = action
      subject = miss.subject
      property = miss.property
      predicted = Self.value(miss.predicted)
      observed = Self.value(miss.observed)
    }

    private static func value(_ json: JSON?) -> JSON? { json?.isNull == true ? nil : json }

    /// `service.start dr.scheduler/server state: predicted running, observed failed`
    public var spoken: String {
      "\(action) \(subject) \(property): predicted \(Self.spoken(predicted)), observed \(Self.spoken(observed))"
    }

    private static func spoken(_ value: JSON?) -> String {
      value.map { $0.stringValue ?? $0.description } ?? "nothing"
    }
  }

  public let predicted: Int
  public let missed: [Miss]
  public var cameTrue: Int { predicted - missed.count }

  public init(predicted: Int, missed: [Miss]) {
    self.predicted = predicted
    self.missed = missed
  }

  /// `of 14 predicted facts 13 came true; missed: …`
  public var spoken: String {
    let facts = predicted == 1 ? "1 predicted fact" : "\(predicted) predicted facts"
    let misses = missed.map(\.spoken).joined(separator: "; ")
    return "of \(facts) \(cameTrue) came true" + (missed.isEmpty ? "" : "; missed: \(misses)")
  }

  enum CodingKeys: String, CodingKey {
    case predicted, missed
    case cameTrue = "came_true"
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    predicted = try container.decode(Int.self, forKey: .predicted)
    missed = try container.decode([Miss].self, forKey: .missed)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(predicted, forKey: .predicted)
    try container.encode(cameTrue, forKey: .cameTrue)
    try container.encode(missed, forKey: .missed)
  }
}
