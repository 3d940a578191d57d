import Journal

/// What whoever reads a report must know, the gravest first.
struct AttentionList {
  let reading: RunReading
  let conclusion: Conclusion
  let steps: [StepReport]
  let gates: [GateReport]
  let recovery: RecoveryTime?
  let dataLoss: [DataLoss]
  /// Nil: of signatures nothing is said.
  let proof: ReportProof?

  var all: [Attention] {
    let parts = [
      ending, lost, drift, proved, objectives, steps.flatMap(outcome), gates.flatMap(people),
      prechecks,
      steps.flatMap(observed), unseen, sittings, journal, signed,
    ]
    return parts.flatMap { $0 }.enumerated()
      .sorted { ($0.element.level, $0.offset) < ($1.element.level, $1.offset) }.map(\.element)
  }

  func item(
    _ level: Attention.Level, _ code: String, _ text: String, step: String? = nil,
    entry: Int? = nil
  ) -> Attention {
    Attention(level: level, code: code, text: text, step: step, entry: entry)
  }

  // MARK: - The run

  private var ending: [Attention] {
    if let aborted = reading.aborted {
      return [
        item(
          .caution, "aborted",
          "\(aborted.by) undid it, or began to, on behalf of \(aborted.person.spoken).")
      ]
    }
    return switch conclusion.state {
    case .running: [item(.caution, "running", conclusion.message)]
    case .noEndWritten:
      [item(.bad, "no_end_written", conclusion.message, step: conclusion.step)]
    case .ended:
      if conclusion.ending == RunEnded.Ending.done.rawValue {
        conclusion.advice.map { [item(.caution, "left_to_do", $0)] } ?? []
      } else {
        [
          item(
            .bad, conclusion.ending ?? "ended", conclusion.message, step: conclusion.step,
            entry: reading.last.index)
        ]
      }
    }
  }

  private var drift: [Attention] {
    (reading.started.savedPlan?.drift ?? []).filter(\.accepted).map {
      item(
        .caution, "drift_accepted", "Accepted, though otherwise than rehearsed: \($0.spoken).",
        step: $0.steps.first, entry: reading.first.index)
    }
  }

  private var proved: [Attention] {
    guard let proof = reading.started.proof else { return [] }
    return switch (proof.verdict, proof.overrideReason) {
    case (.broken, let reason?):
      proof.broken.map {
        item(
          .bad, "proof_overridden",
          "Executed although the proof found that \($0.message) (\($0.code)): \(reason).",
          step: $0.step, entry: reading.first.index)
      }
    case (.leftOut, _):
      [item(.caution, "proof_left_out", "No proof was made.", entry: reading.first.index)]
    case (.incomplete, _):
      [
        item(
          .note, "proof_incomplete",
          "The proof found nothing, and did not explore everything (\(proof.states) states).",
          entry: reading.first.index)
      ]
    case (.broken, nil), (.holds, _): []
    }
  }

  private var objectives: [Attention] {
    var items: [Attention] = []
    switch recovery?.verdict {
    case .missed: items.append(item(.bad, "rto_missed", "The recovery time objective was missed."))
    case .notReached:
      items.append(
        item(.bad, "not_recovered", "Control at the site that takes over is not verified."))
    default: break
    }
    if let recovery, recovery.source == .runStarted, recovery.verdict != .notMeasured {
      items.append(
        item(
          .note, "start_not_declared",
          "Nobody declared when the disaster began (--since): the recovery time is counted from the run's start."
        ))
    }
    for loss in dataLoss {
      switch loss.verdict {
      case .mayExceed:
        let consent = loss.consents.map(\.person.spoken)
        let who =
          consent.isEmpty
          ? "nobody was asked for consent" : "\(consent.joined(separator: ", ")) consented"
        items.append(
          item(
            consent.isEmpty ? .bad : .caution, "rpo_may_exceed",
            "More may be lost than the objective allows; \(who).", step: loss.step))
      case .notKnown:
        items.append(item(.bad, "loss_not_known", loss.explanation, step: loss.step))
      default: break
      }
    }
    return items
  }

  // MARK: - Steps

  private func outcome(of step: StepReport) -> [Attention] {
    switch (step.state, step.outcome) {
    case (.mayHaveActed, _):
      return [
        item(
          .bad, "may_have_acted",
          "It was begun and its end is not written: nobody knows how far it came.", step: step.id,
          entry: step.attempts.last?.entry)
      ]
    case (.begun, _):
      return [
        item(
          .caution, "begun", "It was begun, nothing was done, and its end is not written.",
          step: step.id)
      ]
    // The run's own end tells of it.
    case (.ended, "failed") where isTheEnd(step), (.ended, "in_doubt") where isTheEnd(step):
      return []
    case (.ended, "failed"), (.ended, "in_doubt"):
      let level: Attention.Level = step.tolerated ? .caution : .bad
      let tolerated = step.tolerated ? " (tolerated)" : ""
      return [
        item(
          level, step.outcome ?? "", "\(step.message ?? "")\(tolerated)", step: step.id,
          entry: step.ends.last?.entry)
      ]
    case (.rehearsed, "blocked"), (.rehearsed, "unknown"):
      return [
        item(
          .bad, step.outcome ?? "", step.message ?? "", step: step.id, entry: step.rehearsed?.entry)
      ]
    default:
      return earlierTrouble(of: step)
    }
  }

  private func isTheEnd(_ step: StepReport) -> Bool {
    conclusion.state == .ended && conclusion.step == step.id && !step.tolerated
  }

  /// What is well in the end, and was not on the way there.
  private func earlierTrouble(of step: StepReport) -> [Attention] {
    let ends = step.ends.dropLast().filter { ["failed", "in_doubt"].contains($0.outcome) }
    let failures = step.attempts.compactMap { attempt in
      attempt.acted.flatMap { acted in acted.failure.map { (attempt.attempt, $0, acted.entry) } }
    }
    return ends.map {
      item(
        .note, "earlier_\($0.outcome)",
        "It ended \(Words.outcome($0.outcome)) before: \($0.message)",
        step: step.id, entry: $0.entry)
    }
      + failures.map {
        item(.note, "try_failed", "Try \($0.0) failed: \($0.1.message)", step: step.id, entry: $0.2)
      }
  }

  private func observed(at step: StepReport) -> [Attention] {
    let guards = step.attempts.flatMap { attempt in
      attempt.guards.compactMap { record in
        record.overridden.map {
          item(
            .caution, "guard_overridden",
            "Guard \(record.id) (\(record.demand)) was overridden: \($0)",
            step: step.id, entry: attempt.entry)
        }
      }
    }
    let misses = step.ends.flatMap { end in
      end.misses.map {
        item(
          .caution, "predicted_otherwise",
          "\($0.subject) \($0.property) was predicted as \($0.predicted?.description ?? "nothing") and seen as "
            + "\($0.observed?.description ?? "nothing")", step: step.id, entry: end.entry)
      }
    }
    return guards + misses
  }

  /// What could not be seen when steps ended, told once a target.
  private var unseen: [Attention] {
    var steps: [String: [String]] = [:]
    for step in self.steps {
      guard let end = step.ends.last, end.isVerified else { continue }
      let targets = end.after.filter { $0.value == nil && $0.unreachable == true }
        .map { String($0.subject.prefix { $0 != "/" }) }
      for target in Set(targets) { steps[target, default: []].append(step.id) }
    }
    return steps.sorted { $0.key < $1.key }.map { target, ids in
      item(
        .note, "not_seen",
        "\(target) could not be asked when \(ids.joined(separator: ", ")) ended: what is not vouched for there is not known."
      )
    }
  }

  // MARK: - People

  private func people(_ gate: GateReport) -> [Attention] {
    var items: [Attention] = []
    if gate.state == .open || gate.state == .refused || gate.state == .voided {
      let isOver = steps.first { $0.id == gate.step }?.ends.last?.isSatisfied == true
      items.append(
        item(
          isOver ? .note : .caution, "gate_\(gate.state.rawValue)",
          "\(gate.gate): \(gate.prompt) — \(gate.state == .open ? "not answered by as many as are needed" : gate.state.rawValue)",
          step: gate.step, entry: gate.asked.last?.entry))
    }
    for answer in gate.answers where gate.gate == "attest" && answer.granted {
      items.append(
        item(
          .caution, "vouched_for",
          "\(answer.person.spoken) vouched for what could not be asked: “\(answer.words)”",
          step: gate.step, entry: answer.entry))
    }
    for answer in gate.answers where gate.gate == "redo" && answer.granted {
      items.append(
        item(
          .caution, "done_again",
          "\(answer.person.spoken) had it done again, on their word: “\(answer.words)”",
          step: gate.step, entry: answer.entry))
    }
    for answer in gate.answers where !answer.isForThisPlan {
      items.append(
        item(
          .caution, "answer_for_another_plan",
          "An answer of \(answer.person.spoken) is for another plan and does not count.",
          step: gate.step, entry: answer.entry))
    }
    for voided in gate.voided {
      items.append(
        item(
          .caution, "attestation_\(voided.reason)",
          "What \(voided.person.spoken) had vouched for counts no more: \(voided.reason).",
          step: gate.step, entry: voided.entry))
    }
    return items
  }

  private var prechecks: [Attention] {
    reading.prechecks.filter { $0.verdict.verdict != "satisfied" }.map { check in
      let how =
        check.accepted.map { " A person went on without it: “\($0)”" }
        ?? (check.critical ? "" : " It is not critical.")
      return item(
        check.critical && check.accepted == nil ? .bad : .caution, "precheck",
        "Precheck \(check.id): \(check.verdict.explanation).\(how)", entry: check.entry)
    }
  }
}
