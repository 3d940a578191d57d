public import Journal

/// What a readiness run found, and what of it is other than in an earlier one.
public struct ReadinessReport: Sendable, Encodable {
  public struct Check: Sendable, Hashable, Encodable {
    public let id: String
    public let name: String
    public let target: String?
    public let finding: ReadinessJudged.Finding
    public let message: String
    public let advice: String?
  }

  public let run: String
  public let runbook: String
  public let at: Timestamp
  /// The worst of the findings.
  public let finding: ReadinessJudged.Finding
  public let checks: [Check]

  /// Nil when the entries aren't those of a readiness run that came to its end. Throws `JSONError` when a body is not what
  /// its kind says.
  public init?(_ entries: [Entry]) throws {
    guard let first = entries.first, let run = first.run,
      let started = try first.record(RunStarted.self), started.type == .readiness,
      entries.last?.kind == RunEnded.kind
    else { return nil }
    self.run = run
    runbook = started.runbook
    at = first.at
    checks = try entries.compactMap { entry in
      guard let id = entry.step, let record = try entry.record(ReadinessJudged.self) else {
        return nil
      }
      return Check(
        id: id, name: record.name, target: record.target, finding: record.finding,
        message: record.message, advice: record.advice)
    }
    let findings = Set(checks.map(\.finding))
    finding = [.notReady, .cannotTell].first(where: findings.contains) ?? .ready
  }

  public func count(_ finding: ReadinessJudged.Finding) -> Int {
    checks.count { $0.finding == finding }
  }
}

/// What changed from one readiness run to a later one: findings, not the words in which they are told.
public struct ReadinessChanges: Sendable, Encodable {
  public struct Change: Sendable, Hashable, Encodable {
    public let check: String
    /// Nil of a check that is new.
    public let before: ReadinessJudged.Finding?
    /// Nil of a check that isn't made any more.
    public let after: ReadinessJudged.Finding?
    public let message: String
    public let advice: String?
  }

  /// The earlier run.
  public let run: String
  public let at: Timestamp
  public let changes: [Change]

  public init(from earlier: ReadinessReport, to later: ReadinessReport) {
    run = earlier.run
    at = earlier.at
    let before = Dictionary(earlier.checks.map { ($0.id, $0) }) { first, _ in first }
    let now = Set(later.checks.map(\.id))
    changes =
      later.checks.filter { before[$0.id]?.finding != $0.finding }.map {
        Change(
          check: $0.id, before: before[$0.id]?.finding, after: $0.finding, message: $0.message,
          advice: $0.advice)
      }
      + earlier.checks.filter { !now.contains($0.id) }.map {
        Change(
          check: $0.id, before: $0.finding, after: nil, message: "it isn't looked at any more",
          advice: nil)
      }
  }
}
