public import Journal
public import Runbook

/// Where a run comes from, beside its plan: what its first entry says.
public struct RunOrigin: Sendable {
  public let runbookFile: String
  public let inventoryFile: String
  /// Values of parameters as they were given, by name.
  public let givenParameters: [String: String]
  /// Reasons for going on without a critical precheck, by the precheck's id.
  public let accepted: [String: String]
  /// When the disaster began, when a person said so.
  public let disasterAt: Timestamp?
  /// The run that this one undoes.
  public let aborts: AbortsRecord?
  /// Nil when the runbook is executed without a saved plan.
  public let savedPlan: PlanExecution?
  /// What the proof said of the plan; nil where none is made.
  public let proof: ProofRecord?

  public init(
    runbookFile: String, inventoryFile: String, givenParameters: [String: String] = [:],
    accepted: [String: String] = [:], disasterAt: Timestamp? = nil, aborts: AbortsRecord? = nil,
    savedPlan: PlanExecution? = nil, proof: ProofRecord? = nil
  ) {
    self.runbookFile = runbookFile
    self.inventoryFile = inventoryFile
    self.givenParameters = givenParameters
    self.accepted = accepted
    self.disasterAt = disasterAt
    self.aborts = aborts
    self.savedPlan = savedPlan
    self.proof = proof
  }
}

extension Plan {
  /// `sha256:…` over the plan's canonical JSON.
  public func digest() throws -> String { try Digest(of: JSON(encoding: self)).description }
}

extension RunStarted {
  /// The first entry of the run that `recorder` writes.
  init(
    _ type: RunKind, _ plan: Plan, _ origin: RunOrigin, _ surroundings: Surroundings,
    savedPlan: SavedPlanRecord? = nil, by recorder: Recorder
  ) throws {
    self.init(
      type: type, runbook: plan.runbook, runType: plan.runType.rawValue,
      description: plan.description, planDigest: recorder.planDigest,
      plan: try JSON(encoding: plan), runbookFile: origin.runbookFile,
      inventoryFile: origin.inventoryFile,
      givenParameters: origin.givenParameters,
      sites: plan.sites, person: surroundings.person, version: surroundings.version,
      acceptedPrechecks: origin.accepted,
      takenOverFrom: recorder.takenOverFrom,
      disaster: origin.disasterAt.map { DisasterRecord(at: $0, source: .declared) },
      wayBack: origin.aborts == nil ? NoReturnMap(plan, surroundings.catalogue).steps : nil,
      aborts: origin.aborts, savedPlan: savedPlan, proof: origin.proof)
  }
}
