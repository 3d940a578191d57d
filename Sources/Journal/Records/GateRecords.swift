/// A gate asks.
public struct GateAsked: Record {
  public static let kind = "gate.asked"
  /// `approval`, `consent`, `attest` or `redo`.
  public let gate: String
  public let prompt: String
  /// How many different people must answer.
  public let required: Int
  /// The option of the command line that gives the answer: `--approve`.
  public let answerOption: String
  /// Whether only signed answers count; absent when others do too.
  public let signed: Bool?

  public init(
    gate: String, prompt: String, required: Int, answerOption: String, signed: Bool? = nil
  ) {
    self.gate = gate
    self.prompt = prompt
    self.required = required
    self.answerOption = answerOption
    self.signed = signed
  }

  enum CodingKeys: String, CodingKey {
    case gate, prompt, required, signed
    case answerOption = "answer_option"
  }
}

/// A person answered a gate. The answer is for one plan: under another digest it doesn't count.
public struct GateAnswered: Record {
  public static let kind = "gate.answered"
  public let gate: String
  public let prompt: String
  public let granted: Bool
  public let words: String
  public let person: PersonRecord
  public let planDigest: String
  /// What an attestation makes known.
  public let facts: [FactRecord]
  public var signature: SignatureRecord?

  public init(
    gate: String, prompt: String, granted: Bool, words: String, person: PersonRecord,
    planDigest: String, facts: [FactRecord], signature: SignatureRecord? = nil
  ) {
    self.gate = gate
    self.prompt = prompt
    self.granted = granted
    self.words = words
    self.person = person
    self.planDigest = planDigest
    self.facts = facts
    self.signature = signature
  }

  enum CodingKeys: String, CodingKey {
    case gate, prompt, granted, words, person, facts, signature
    case planDigest = "plan_digest"
  }
}

/// An attestation ended: it doesn't count any more.
public struct GateVoided: Record {
  public static let kind = "gate.voided"

  public enum Reason: String, Sendable, Hashable, Codable {
    /// The target answers again, and says otherwise.
    case contradicted
    /// The run was resumed so much later that the world may have moved.
    case expired
  }

  public let gate: String
  public let prompt: String
  /// Who had vouched.
  public let person: PersonRecord
  public let reason: Reason
  /// What was seen instead.
  public let facts: [FactRecord]

  public init(
    gate: String, prompt: String, person: PersonRecord, reason: Reason, facts: [FactRecord]
  ) {
    self.gate = gate
    self.prompt = prompt
    self.person = person
    self.reason = reason
    self.facts = facts
  }
}

/// Probe files are about to be written; their names end with the token.
public struct ProbeFilesPlanned: Record {
  public static let kind = "probe_files.planned"
  public let token: String

  public init(token: String) { self.token = token }
}

/// The probe files were removed.
public struct ProbeFilesRemoved: Record {
  public static let kind = "probe_files.removed"
  public let token: String

  public init(token: String) { self.token = token }
}

/// A person gave a site the permit to run its scheduler, where no run did.
public struct PermitGranted: Record {
  public static let kind = "permit.granted"
  public let site: String
  public let because: String
  public let person: PersonRecord
  public let version: String

  public init(site: String, because: String, person: PersonRecord, version: String) {
    self.site = site
    self.because = because
    self.person = person
    self.version = version
  }
}
