public import Journal

/// Where a run stands: what is done, what blocks it, on what evidence, who can unblock it, and the next safe command.
/// One screen, for whoever comes to it without having been there.
public struct Standing: Sendable {
  private let run: String
  private let started: RunStarted
  private let beganAt: Timestamp
  private let lastAt: Timestamp
  private let steps: [PlanOutline.Step]
  private var endings: [String: StepEnded] = [:]
  private var openIntent: String?
  private var openGate: (step: String, gate: GateAsked)?
  private var vouched: [GateAnswered] = []
  private var ended: RunEnded?

  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  public init?(_ entries: [Entry]) throws {
    guard let first = entries.first, let last = entries.last, let run = first.run,
      let started = try first.record(RunStarted.self)
    else { return nil }
    self.run = run
    self.started = started
    beganAt = first.at
    lastAt = last.at
    steps = try started.plan.decode(PlanOutline.self).steps
    for entry in entries { try take(entry) }
  }

  private mutating func take(_ entry: Entry) throws {
    if try entry.record(RunResumed.self) != nil { ended = nil }
    if let record = try entry.record(RunEnded.self) { ended = record }
    guard let step = entry.step else { return }
    if try entry.record(StepIntent.self) != nil { openIntent = step }
    if let gate = try entry.record(GateAsked.self) { openGate = (step, gate) }
    if let answer = try entry.record(GateAnswered.self) {
      vouched.append(answer)
      openGate = nil
    }
    if let record = try entry.record(StepEnded.self) {
      endings[step] = record
      if openIntent == step { openIntent = nil }
      if record.outcome != .waiting, record.outcome != .inDoubt { openGate = nil }
    }
  }

  /// `isHeld`: whether a living runner holds the lease on the run's sites.
  public func lines(isHeld: Bool, now: Timestamp) -> [Line] {
    [
      Line("\(started.runbook) (\(started.runType)), \(started.type.rawValue) \(run)", .heading),
      Line(
        "began \(beganAt) by \(started.person.spoken); last entry \(lastAt), \(now.duration(since: lastAt).spoken) ago",
        .faint),
      Line(""),
    ] + stepLines(isHeld: isHeld) + [Line("")] + conclusion(isHeld: isHeld)
  }

  private func stepLines(isHeld: Bool) -> [Line] {
    steps.map { step in
      if let ending = endings[step.id] {
        return Line(
          "  \(Words.mark(ending.outcome)) \(step.id): \(Words.outcome(ending.outcome.rawValue)), \(ending.message)",
          Words.tone(ending.outcome))
      }
      if openIntent == step.id, isHeld {
        return Line("  ▸ \(step.id): being done", .plain)
      }
      if openIntent == step.id {
        return Line("  ? \(step.id): begun, and its end isn't written", .attention)
      }
      return Line("  · \(step.id): not yet", .faint)
    }
  }

  private func conclusion(isHeld: Bool) -> [Line] {
    if let ended {
      var lines = [
        Line("\(Words.ending(ended.ending)): \(ended.message)", Words.tone(ended.ending))
      ]
      if let gate = openGate, [.waiting, .inDoubt].contains(ended.ending) {
        lines.append(
          Line(
            "who can unblock it: \(people(gate.gate.required)) who can say: \(gate.gate.prompt)",
            .attention))
        lines.append(
          Line(
            "next: lifeboat resume \(run) \(gate.gate.answerOption) \(gate.step)=\"YOUR WORDS\"",
            .attention))
      } else if let advice = ended.advice {
        lines.append(Line("next: \(advice)", .attention))
      }
      return lines
    }
    if isHeld { return [Line("It is running now. Nothing to do but watch.", .good)] }
    let step = openIntent.map {
      "while doing \($0); whether that took effect will be probed, not guessed"
    }
    return [
      Line(
        "The runner died \(step ?? "between two steps"). Nothing that it did is lost.", .attention),
      Line("next: lifeboat resume \(run)", .attention),
    ]
  }

  private func people(_ count: Int) -> String { count == 1 ? "a person" : "\(count) people" }
}
