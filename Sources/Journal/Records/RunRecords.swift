/// When the disaster began that a run recovers from.
public struct DisasterRecord: Sendable, Hashable, Codable {
  public enum Source: String, Sendable, Hashable, Codable {
    /// A person said so when the run was begun.
    case declared
  }

  public let at: Timestamp
  public let source: Source

  public init(at: Timestamp, source: Source) {
    self.at = at
    self.source = source
  }
}

/// A run began. It holds all that resuming needs: the whole plan, and where its parts were read from.
public struct RunStarted: Record {
  public static let kind = "run.started"

  public enum RunKind: String, Sendable, Hashable, Codable, CaseIterable {
    case execution, rehearsal
    /// Looks whether the runbook could be executed when it is needed: it judges checks, and no steps.
    case readiness
  }

  public let type: RunKind
  public let runbook: String
  public let runType: String
  public let description: String
  /// `sha256:…` over the canonical JSON of `plan`.
  public let planDigest: String
  public let plan: JSON
  public let runbookFile: String
  public let inventoryFile: String
  /// Values of parameters as they were given on the command line.
  public let givenParameters: [String: String]
  public let sites: [String]
  public let person: PersonRecord
  public let version: String
  /// Reasons for going on without a critical precheck, by the precheck's id.
  public let acceptedPrechecks: [String: String]
  /// The dead runners from whom the lease on the sites was taken over.
  public let takenOverFrom: [String]
  /// Nil when nobody said; a report then looks for the last heartbeat that was seen.
  public let disaster: DisasterRecord?
  /// The plan's map of no return; nil in a run of a version that made none.
  public let wayBack: [WayBackRecord]?
  /// Of a run that undoes another one: which.
  public let aborts: AbortsRecord?
  /// Nil when the runbook was executed without a saved plan.
  public let savedPlan: SavedPlanRecord?
  /// Nil of a rehearsal, of an abort, and in a run of a version that made none.
  public let proof: ProofRecord?

  public init(
    type: RunKind, runbook: String, runType: String, description: String, planDigest: String,
    plan: JSON, runbookFile: String, inventoryFile: String,
    givenParameters: [String: String], sites: [String],
    person: PersonRecord, version: String, acceptedPrechecks: [String: String],
    takenOverFrom: [String], disaster: DisasterRecord? = nil, wayBack: [WayBackRecord]? = nil,
    aborts: AbortsRecord? = nil, savedPlan: SavedPlanRecord? = nil, proof: ProofRecord? = nil
  ) {
    self.type = type
    self.runbook = runbook
    self.runType = runType
    self.description = description
    self.planDigest = planDigest
    self.plan = plan
    self.runbookFile = runbookFile
    self.inventoryFile = inventoryFile
    self.givenParameters = givenParameters
    self.sites = sites
    self.person = person
    self.version = version
    self.acceptedPrechecks = acceptedPrechecks
    self.takenOverFrom = takenOverFrom
    self.disaster = disaster
    self.wayBack = wayBack
    self.aborts = aborts
    self.savedPlan = savedPlan
    self.proof = proof
  }

  enum CodingKeys: String, CodingKey {
    case type, runbook, description, plan, sites, person, version, disaster, aborts, proof
    case wayBack = "way_back"
    case runType = "run_type"
    case planDigest = "plan_digest"
    case runbookFile = "runbook_file"
    case inventoryFile = "inventory_file"
    case givenParameters = "given_parameters"
    case acceptedPrechecks = "accepted_prechecks"
    case takenOverFrom = "taken_over_from"
    case savedPlan = "saved_plan"
  }
}

/// A run that had stopped goes on.
public struct RunResumed: Record {
  public static let kind = "run.resumed"
  public let planDigest: String
  public let person: PersonRecord
  public let version: String
  /// The dead runners from whom the lease on the sites was taken over.
  public let takenOverFrom: [String]

  public init(
    planDigest: String, person: PersonRecord, version: String, takenOverFrom: [String]
  ) {
    self.planDigest = planDigest
    self.person = person
    self.version = version
    self.takenOverFrom = takenOverFrom
  }

  enum CodingKeys: String, CodingKey {
    case person, version
    case planDigest = "plan_digest"
    case takenOverFrom = "taken_over_from"
  }
}

/// A run stopped, for good or until it is resumed. A run without this entry as its last was killed, and can be resumed.
public struct RunEnded: Record {
  public static let kind = "run.ended"

  public enum Ending: String, Sendable, Hashable, Codable, CaseIterable {
    /// Everything that was asked for is so.
    case done
    /// A step failed; what it did is known.
    case failed
    /// A precheck or a guard said no; nothing was done after that.
    case refused
    /// It can't be told whether a step was done: a person must look.
    case inDoubt = "in_doubt"
    /// A gate waits for its answer.
    case waiting
    /// A person stopped the run.
    case interrupted
    /// Of a rehearsal: a step could not be done as things are.
    case blocked
    /// Of a rehearsal: of a step it can't be told.
    case unknown
  }

  public let ending: Ending
  /// The step that it ended at, when it was one.
  public let step: String?
  public var message: String
  /// Stable, where there is one: `plan.world_moved`.
  public let code: String?
  /// What to do next.
  public let advice: String?
  public let resumable: Bool
  /// How many steps ended in each outcome.
  public let outcomes: [String: Int]
  /// Of a rehearsal: the share of judged steps that stand on probed facts alone, in per cent.
  public let fidelityPercent: Int?
  /// Of a rehearsal: the same by facts.
  public let factsUsed: FactsUsed?
  /// Of an execution that acted: how its predictions came out.
  public var predictions: PredictionTally?

  public init(
    ending: Ending, step: String? = nil, message: String, code: String? = nil,
    advice: String? = nil,
    resumable: Bool, outcomes: [String: Int], fidelityPercent: Int? = nil,
    factsUsed: FactsUsed? = nil
  ) {
    self.ending = ending
    self.step = step
    self.message = message
    self.code = code
    self.advice = advice
    self.resumable = resumable
    self.outcomes = outcomes
    self.fidelityPercent = fidelityPercent
    self.factsUsed = factsUsed
  }

  enum CodingKeys: String, CodingKey {
    case ending, step, message, code, advice, resumable, outcomes, predictions
    case fidelityPercent = "fidelity_percent"
    case factsUsed = "facts_used"
  }
}

/// A precheck was judged.
public struct PrecheckJudged: Record {
  public static let kind = "precheck.judged"
  public let name: String
  public let action: String
  public let critical: Bool
  public let verdict: VerdictRecord
  public let observation: [FactRecord]
  /// The reason for which a person accepted a finding that would have refused the run.
  public let accepted: String?

  public init(
    name: String, action: String, critical: Bool, verdict: VerdictRecord,
    observation: [FactRecord], accepted: String? = nil
  ) {
    self.name = name
    self.action = action
    self.critical = critical
    self.verdict = verdict
    self.observation = observation
    self.accepted = accepted
  }
}
