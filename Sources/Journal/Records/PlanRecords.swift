/// That an execution carries out a plan which a rehearsal saved, and what had changed in the world since.
public struct SavedPlanRecord: Sendable, Hashable, Codable {
  /// The rehearsal's run.
  public let rehearsal: String
  /// Of the file: `sha256:…` over all that it holds.
  public let digest: String
  /// When it was rehearsed.
  public let savedAt: Timestamp
  /// How many facts were looked at again, and compared with those of the rehearsal.
  public let compared: Int
  public let drift: [FactDrift]

  public init(
    rehearsal: String, digest: String, savedAt: Timestamp, compared: Int, drift: [FactDrift]
  ) {
    self.rehearsal = rehearsal
    self.digest = digest
    self.savedAt = savedAt
    self.compared = compared
    self.drift = drift
  }

  /// What nobody accepted: the execution was refused for it.
  public var refused: [FactDrift] { drift.filter { !$0.accepted } }

  enum CodingKeys: String, CodingKey {
    case rehearsal, digest, compared, drift
    case savedAt = "saved_at"
  }
}

/// A fact that was otherwise when the execution began than when it was rehearsed.
public struct FactDrift: Sendable, Hashable, Codable {
  /// A target; of a verdict and of a guard, the step.
  public let subject: String
  /// The fact's name, `verdict`, or `guard ID`.
  public let property: String
  /// The steps and prechecks that look at it.
  public let steps: [String]
  /// Nil when it was not stated.
  public let then: FactRecord?
  public let now: FactRecord?
  /// Whether a person said that it may differ.
  public let accepted: Bool

  public init(
    subject: String, property: String, steps: [String], then: FactRecord?, now: FactRecord?,
    accepted: Bool
  ) {
    self.subject = subject
    self.property = property
    self.steps = steps
    self.then = then
    self.now = now
    self.accepted = accepted
  }

  /// `production.scheduler/server state`
  public var name: String { "\(subject) \(property)" }

  /// `production.scheduler/server state was running, is stopped`
  public var spoken: String { "\(name) was \(Self.spoken(then)), is \(Self.spoken(now))" }

  private static func spoken(_ fact: FactRecord?) -> String {
    guard let fact else { return "not seen" }
    guard let value = fact.value else {
      return fact.unreachable == true ? "not to be asked" : "not known"
    }
    let text = value.stringValue ?? value.description
    return text.count > longestValue ? "\(text.prefix(longestValue)) …" : text
  }

  /// Of a table's rows a line is enough: the entry holds them all.
  private static let longestValue = 160
}

/// What the proof said of a plan before it was executed.
public struct ProofRecord: Sendable, Hashable, Codable {
  public enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
    case holds
    /// A rule can be broken.
    case broken
    /// Nothing was found as far as it went.
    case incomplete
    /// It wasn't made.
    case leftOut = "left_out"
  }

  /// A rule that can be broken.
  public struct Broken: Sendable, Hashable, Codable {
    /// `two-in-control`
    public let code: String
    public let message: String
    /// The step to look at; nil when none has to do with it.
    public let step: String?

    public init(code: String, message: String, step: String?) {
      self.code = code
      self.message = message
      self.step = step
    }
  }

  public let verdict: Verdict
  /// How many states were explored, in all.
  public let states: Int
  public let broken: [Broken]
  /// Why the plan was to be executed whatever the proof says; nil when nobody said so.
  public let overrideReason: String?

  public init(verdict: Verdict, states: Int, broken: [Broken], overrideReason: String? = nil) {
    self.verdict = verdict
    self.states = states
    self.broken = broken
    self.overrideReason = overrideReason
  }

  public func overridden(because reason: String?) -> ProofRecord {
    ProofRecord(verdict: verdict, states: states, broken: broken, overrideReason: reason)
  }

  enum CodingKeys: String, CodingKey {
    case verdict, states, broken
    case overrideReason = "override_reason"
  }
}
