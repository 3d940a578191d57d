import Journal

/// Measures what was lost at a promotion, from the entries of the step that reversed the replication.
struct LossMeasure {
  private static let action = "replication.reverse"
  /// What databases say of how far a copy is. Names as the actions state them.
  private static let terms = [
    "as_of", "position", "epoch", "received_lsn", "replayed_lsn", "shutdown_checkpoint",
    "known_missing_bytes", "received", "applied", "gtid_received", "gtid_current_pos",
    "exposure_ms", "given_up",
  ]

  let reading: RunReading

  func measure() -> [DataLoss] {
    guard reading.started.type == .execution else { return [] }
    return reading.plan.steps.filter { $0.action == Self.action }.map(loss)
  }

  private func loss(at step: ReportPlan.Step) -> DataLoss {
    let own = reading.steps[step.id] ?? RunReading.StepReading()
    let promotion = Promotion(own)
    let mode = promotion?.evidence?["mode"]?.stringValue ?? step.argument("mode")
    let objective = step.argument("maximum_loss") ?? reading.plan.objectives?.rpo
    let objectiveMs = objective.flatMap { Duration(planText: $0)?.wholeMilliseconds }
    let asOf = promotion?.asOf
    let atMost = mode == "graceful" ? nil : promotion.flatMap(atMost)
    let judged = judge(own, promotion, mode: mode, atMost: atMost, objectiveMs: objectiveMs)
    return DataLoss(
      step: step.id, target: promotion?.target ?? Promotion.target(of: own), mode: mode,
      asOf: asOf, promotedAt: promotion?.at, atMostMs: judged.verdict == .none ? 0 : atMost,
      toDisasterMs: mode == "graceful" ? nil : toDisaster(asOf), objective: objective,
      objectiveMs: objectiveMs, verdict: judged.verdict, explanation: judged.explanation,
      terms: promotion?.terms(Self.terms) ?? [], consents: consents(of: step.id))
  }

  /// From the boundary to the promotion: until then the old primary may have committed more.
  private func atMost(_ promotion: Promotion) -> Int? {
    guard let asOf = promotion.asOf.flatMap(Timestamp.init(rfc3339:)) else { return nil }
    return max(0, promotion.at.duration(since: asOf).wholeMilliseconds)
  }

  /// Nil when the boundary is after the declared start: the database went on then, and the start says nothing of the loss.
  private func toDisaster(_ asOf: String?) -> Int? {
    guard let asOf = asOf.flatMap(Timestamp.init(rfc3339:)), let disaster = reading.started.disaster
    else { return nil }
    let ms = disaster.at.duration(since: asOf).wholeMilliseconds
    return ms >= 0 ? ms : nil
  }

  private func judge(
    _ own: RunReading.StepReading, _ promotion: Promotion?, mode: String?, atMost: Int?,
    objectiveMs: Int?
  ) -> (verdict: DataLoss.Verdict, explanation: String) {
    guard let promotion else {
      return own.openState == .mayHaveActed || own.ends.last?.outcome == "in_doubt"
        || own.attempts.contains { $0.acted == nil }
        ? (.notKnown, "Whether the copy was promoted is not established.")
        : (.noPromotion, "No copy was promoted in this run.")
    }
    if mode == "graceful" {
      return promotion.evidence?["promoted"] != nil
        ? (.none, "Nothing: the last changes had arrived before the promotion.")
        : (.notKnown, "The runner died before it wrote down what it found when it promoted.")
    }
    guard let asOf = promotion.asOf, let atMost else {
      return (.notKnown, "Nobody can tell until when the promoted copy has everything.")
    }
    let source = promotion.evidence == nil ? " (as seen before acting: acting left no word)" : ""
    let bound =
      "Everything that was committed until \(asOf) is there\(source); what came later, until the promotion "
      + "\(Duration.milliseconds(atMost).spoken) afterwards at the most, is lost. Times are by the clocks of the "
      + "database and of the runner."
    guard let objectiveMs else { return (.noObjective, bound) }
    return (atMost <= objectiveMs ? .met : .mayExceed, bound)
  }

  private func consents(of step: String) -> [DataLoss.Consent] {
    reading.gates.reports.filter { $0.step == step && $0.gate == "consent" }.flatMap { gate in
      gate.answers.filter { $0.granted && $0.isForThisPlan }.map {
        DataLoss.Consent(
          entry: $0.entry, at: $0.at, prompt: gate.prompt, words: $0.words, person: $0.person)
      }
    }
  }
}

/// The try in which a copy became the primary.
private struct Promotion {
  let target: String
  let attempt: StepReport.Attempt
  /// Nil when acting left no word: it failed, or its runner died.
  let evidence: JSON?
  /// When it had happened at the latest.
  let at: Timestamp

  /// Nil when no copy was promoted, as far as the entries say.
  init?(_ step: RunReading.StepReading) {
    if let attempt = step.attempts.last(where: { $0.acted?.evidence?["promoted"] != nil }),
      let acted = attempt.acted, let target = acted.evidence?["promoted"]?.stringValue
    {
      self.init(target: target, attempt: attempt, evidence: acted.evidence, at: acted.at)
      return
    }
    guard let target = Self.target(of: step),
      let attempt = step.attempts.last(where: { $0.before.text(target, "role") == "replica" }),
      let end = step.ends.first(where: {
        $0.entry > attempt.entry && $0.after.text(target, "role") == "primary"
      })
    else { return nil }
    self.init(target: target, attempt: attempt, evidence: nil, at: end.at)
  }

  private init(target: String, attempt: StepReport.Attempt, evidence: JSON?, at: Timestamp) {
    self.target = target
    self.attempt = attempt
    self.evidence = evidence
    self.at = at
  }

  /// Only of the copy that is to be promoted its exposure is stated.
  static func target(of step: RunReading.StepReading) -> String? {
    let facts = step.attempts.flatMap(\.before) + step.ends.flatMap(\.after)
    return facts.first { $0.property == "exposure_ms" }?.subject
  }

  var asOf: String? {
    evidence?["as_of"]?.stringValue.flatMap { Timestamp(rfc3339: $0) == nil ? nil : $0 }
      ?? attempt.before.text(target, "as_of")
  }

  /// What the act said, and of what it said nothing of, what was seen before it.
  func terms(_ names: [String]) -> [DataLoss.Term] {
    names.compactMap { name in
      if let value = evidence?[name], !value.isNull, let entry = attempt.acted?.entry {
        return DataLoss.Term(name: name, value: value, source: "evidence", entry: entry)
      }
      guard let fact = attempt.before.first(where: { $0.subject == target && $0.property == name }),
        let value = fact.value, !value.isNull
      else { return nil }
      return DataLoss.Term(name: name, value: value, source: "observation", entry: attempt.entry)
    }
  }
}

extension [FactRecord] {
  fileprivate func text(_ subject: String, _ property: String) -> String? {
    first { $0.subject == subject && $0.property == property }?.value?.stringValue
  }
}
