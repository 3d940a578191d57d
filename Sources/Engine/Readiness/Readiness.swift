public import Journal
public import Runbook

/// Looks whether a runbook could be executed when it is needed: the runbook's prechecks, and what the inventory asks for by
/// itself. It changes nothing.
public struct Readiness: Sendable {
  private let surroundings: Surroundings
  private let rehearsal: Rehearsal
  private let thresholds: ReadinessThresholds

  public init(
    surroundings: Surroundings, world: any ObservableWorld, allowsProbeFiles: Bool = false,
    thresholds: ReadinessThresholds = ReadinessThresholds()
  ) {
    self.surroundings = surroundings
    self.thresholds = thresholds
    rehearsal = Rehearsal(
      surroundings: surroundings, world: world, allowsProbeFiles: allowsProbeFiles)
  }

  /// Looks, and keeps what was found in the journal under `run`.
  public func look(
    for plan: Plan, as run: String, from origin: RunOrigin
  ) async throws -> RunEnded {
    let permit = try await PermitCheck.read(surroundings.journal, plan.inventory)
    let checks =
      plan.prechecks.map(ReadinessCheck.init(precheck:))
      + InventoryChecks(
        plan: plan, catalogue: surroundings.catalogue, thresholds: thresholds,
        active: permit?.active
      ).all
    let looked = plan.looking(at: checks.map(\.step))
    let recorder = Recorder(
      journal: surroundings.journal, run: run, planDigest: try looked.digest(), lease: nil,
      time: surroundings.time, watch: surroundings.watch)
    try await recorder.record(
      try RunStarted(.readiness, looked, origin, surroundings, by: recorder))
    let looks = try await rehearsal.walk(recorder)
      .look(sideBySideAt: checks.map(\.step), looked)
    var findings: [(id: String, finding: ReadinessJudged.Finding)] = []
    for (check, seen) in zip(checks, looks) {
      let record = record(of: check, seen.action, seen.sight)
      try await recorder.record(record, step: check.step.id)
      findings.append((check.step.id, record.finding))
    }
    if let record = permit?.record {
      try await recorder.record(record, step: PermitCheck.id)
      findings.append((PermitCheck.id, record.finding))
    }
    let ended = Self.ended(findings)
    try await recorder.record(ended)
    return ended
  }

  private func record(
    of check: ReadinessCheck, _ action: (any Action)?, _ sight: Sight
  ) -> ReadinessJudged {
    let finding = finding(sight.verdict, of: action)
    let advice: String? =
      switch finding {
      case .ready: nil
      case .notReady: check.advice
      case .cannotTell: check.adviceWhenUnknown
      }
    return ReadinessJudged(
      name: check.step.name, action: check.step.action,
      target: check.step.target?.description, finding: finding,
      message: sight.verdict.explanation, advice: advice,
      observation: sight.observation.records(at: surroundings.time.now()))
  }

  /// What only writing proves isn't disproved by not having written.
  private func finding(
    _ verdict: Verdict, of action: (any Action)?
  ) -> ReadinessJudged.Finding {
    switch verdict {
    case .satisfied: .ready
    case .needed where action is any ProvableByProbeFiles && !rehearsal.allowsProbeFiles:
      .cannotTell
    case .needed, .blocked: .notReady
    case .unknown: .cannotTell
    }
  }

  private static func ended(
    _ findings: [(id: String, finding: ReadinessJudged.Finding)]
  ) -> RunEnded {
    func ids(_ finding: ReadinessJudged.Finding) -> [String] {
      findings.filter { $0.finding == finding }.map(\.id)
    }
    let (missing, open) = (ids(.notReady), ids(.cannotTell))
    let parts = [
      missing.isEmpty ? nil : "not ready: \(missing.joined(separator: ", "))",
      open.isEmpty ? nil : "can't tell: \(open.joined(separator: ", "))",
    ].compactMap(\.self)
    return RunEnded(
      ending: missing.isEmpty ? (open.isEmpty ? .done : .unknown) : .blocked,
      step: missing.first ?? open.first,
      message: parts.isEmpty
        ? "ready: \(findings.count) checks; nothing was changed" : parts.joined(separator: "; "),
      resumable: false, outcomes: [:])
  }
}

extension Plan {
  /// What a readiness run is about: the checks, and no steps.
  fileprivate func looking(at checks: [PlannedStep]) -> Plan {
    Plan(
      runbook: runbook, description: description, runType: runType, objectives: objectives,
      parameters: parameters, prechecks: checks, steps: [], inventory: inventory)
  }
}
