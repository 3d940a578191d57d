internal import Journal

extension Timeline: Encodable {
  private enum CodingKeys: String, CodingKey {
    case run, runbook, type, outcome, seconds, events
    case startedAt = "started_at"
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(account.run, forKey: .run)
    try container.encode(account.started.runbook, forKey: .runbook)
    try container.encode(account.started.type, forKey: .type)
    try container.encode(account.outcome, forKey: .outcome)
    try container.encode(account.beganAt, forKey: .startedAt)
    try container.encode(account.duration.inSeconds, forKey: .seconds)
    try container.encode(events, forKey: .events)
  }
}
