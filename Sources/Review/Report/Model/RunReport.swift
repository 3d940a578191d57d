public import Journal

/// What a run did, computed from its entries and nothing else: the same entries give the same report. HTML and JSON are two
/// renderings of it; docs/report.md describes the JSON.
public struct RunReport: Sendable, Hashable, Codable {
  /// Changes when a member changes its meaning; members may be added.
  public static let schema = "lifeboat-report/1"

  public let schema: String
  public let run: RunIdentity
  public let conclusion: Conclusion
  public let attention: [Attention]
  /// Absent for a rehearsal, and for what isn't about recovery.
  public let recovery: RecoveryTime?
  public let dataLoss: [DataLoss]
  public let time: TimeSpent
  /// One for the start and for each resumption.
  public let sittings: [Sitting]
  public let prechecks: [PrecheckReport]
  public let steps: [StepReport]
  public let gates: [GateReport]
  public let criticalPath: [CriticalStep]
  public let proof: ReportProof

  enum CodingKeys: String, CodingKey {
    case schema, run, conclusion, attention, recovery, time, sittings, prechecks, steps, gates
    case proof
    case dataLoss = "data_loss"
    case criticalPath = "critical_path"
  }
}

/// Which run it is, and of what.
public struct RunIdentity: Sendable, Hashable, Codable {
  public let id: String
  /// `execution` or `rehearsal`.
  public let type: String
  public let runbook: String
  public let runType: String
  public let description: String
  public let sites: [String]
  public let parameters: [String: JSON]
  public let planDigest: String
  public let runbookFile: String
  public let inventoryFile: String
  public let startedAt: Timestamp
  public let person: PersonRecord
  public let version: String
  public let objectives: Objectives
  /// Of an execution by a plan that a rehearsal saved.
  public let savedPlan: SavedPlanRecord?
  /// What the proof said before it was executed.
  public let proof: ProofRecord?

  /// As the runbook writes them.
  public struct Objectives: Sendable, Hashable, Codable {
    public let rto: String?
    public let rpo: String?
  }

  enum CodingKeys: String, CodingKey {
    case id, type, runbook, description, sites, parameters, person, version, objectives, proof
    case runType = "run_type"
    case planDigest = "plan_digest"
    case runbookFile = "runbook_file"
    case inventoryFile = "inventory_file"
    case startedAt = "started_at"
    case savedPlan = "saved_plan"
  }
}

/// How the run stands at its last entry.
public struct Conclusion: Sendable, Hashable, Codable {
  public enum State: String, Sendable, Hashable, Codable {
    case ended
    /// A living runner holds its sites.
    case running
    /// The last entry is no end, and nobody holds its sites: the runner was killed.
    case noEndWritten = "no_end_written"
  }

  public let state: State
  /// One of `RunEnded.Ending`, when it ended.
  public let ending: String?
  public let message: String
  public let advice: String?
  public let step: String?
  public let resumable: Bool
  /// The time of its last entry.
  public let at: Timestamp
  public let outcomes: [String: Int]
  public let fidelityPercent: Int?

  enum CodingKeys: String, CodingKey {
    case state, ending, message, advice, step, resumable, at, outcomes
    case fidelityPercent = "fidelity_percent"
  }
}

/// One turn of a person at the run: from its start or a resumption to where it stopped.
public struct Sitting: Sendable, Hashable, Codable {
  public let person: PersonRecord
  public let version: String
  public let beganAt: Timestamp
  public let beganMs: Int
  /// The time of its last entry.
  public let lastAt: Timestamp
  public let lastMs: Int
  /// Absent when no end was written.
  public let ending: String?
  public let message: String?
  /// The dead runners from whom it took the sites over.
  public let takenOverFrom: [String]

  enum CodingKeys: String, CodingKey {
    case person, version, ending, message
    case beganAt = "began_at"
    case beganMs = "began_ms"
    case lastAt = "last_at"
    case lastMs = "last_ms"
    case takenOverFrom = "taken_over_from"
  }
}

/// Something that whoever reads the report must know.
public struct Attention: Sendable, Hashable, Codable {
  public enum Level: String, Sendable, Hashable, Codable, Comparable {
    /// It did not come out as it should.
    case bad
    /// It stands on a person's word, was overridden, or isn't known.
    case caution
    /// Worth knowing.
    case note

    private var rank: Int { self == .bad ? 0 : self == .caution ? 1 : 2 }
    public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
  }

  public let level: Level
  /// A stable word for what it is.
  public let code: String
  public let text: String
  public let step: String?
  /// The entry that says so.
  public let entry: Int?
}
