public import Journal

/// Where a run stands: what is done, what blocks it, on what evidence, who can unblock it, and the next safe command.
/// One screen, for whoever comes to it without having been there.
public struct Standing: Sendable {
  private let run: String
  private let started: RunStarted
  private let beganAt: Timestamp
  private let lastAt: Timestamp
  private let parts: [PlanOutline.Part]
  private var endings: [String: StepEnded] = [:]
  /// Begun, and not written to have ended.
  private var openIntents: Set<String> = []
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
    parts = PlanOutline.parts(of: try started.plan.decode(PlanOutline.self).steps)
    for entry in entries { try take(entry) }
  }

  private mutating func take(_ entry: Entry) throws {
    if try entry.record(RunResumed.self) != nil { ended = nil }
    if let record = try entry.record(RunEnded.self) { ended = record }
    guard let step = entry.step else { return }
    if try entry.record(StepIntent.self) != nil { openIntents.insert(step) }
    if let gate = try entry.record(GateAsked.self) { openGate = (step, gate) }
    if let answer = try entry.record(GateAnswered.self) {
      vouched.append(answer)
      openGate = nil
    }
    if let record = try entry.record(StepEnded.self) {
      endings[step] = record
      openIntents.remove(step)
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
    parts.flatMap { part in
      part.group == nil
        ? part.steps.map { line(for: $0, isHeld: isHeld) } : lines(forHostsOf: part, isHeld: isHeld)
    }
  }

  private func line(for step: String, isHeld: Bool) -> Line {
    if openIntents.contains(step) {
      return isHeld
        ? Line("  ▸ \(step): being done", .plain)
        : Line("  ? \(step): begun, and its end isn't written", .attention)
    }
    if let ending = endings[step] {
      return Line(
        "  \(Words.mark(ending.outcome)) \(step): \(Words.outcome(ending.outcome.rawValue)), \(ending.message)",
        Words.tone(ending.outcome))
    }
    return Line("  · \(step): not yet", .faint)
  }

  /// One line with counts, and one for each host that differs from those that are done.
  private func lines(forHostsOf part: PlanOutline.Part, isHeld: Bool) -> [Line] {
    var tally = FanOutTally(part)
    var others: [Line] = []
    for step in part.steps {
      let ending = openIntents.contains(step) ? nil : endings[step]
      if let ending { tally.end(ending.outcome.rawValue) }
      let isDone = ending.map { [.ok, .changed, .skipped].contains($0.outcome) } ?? false
      if !isDone, ending != nil || openIntents.contains(step) {
        others.append(line(for: step, isHeld: isHeld))
      }
    }
    let mark = tally.isComplete && others.isEmpty ? "✓" : others.isEmpty ? "·" : "?"
    let head = Line(
      "  \(mark) \(part.id): \(tally.summary)",
      tally.isComplete && others.isEmpty ? .good : others.isEmpty ? .faint : .attention)
    return [head] + others.map { Line("  " + $0.text, $0.tone) }
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
    let begun = openIntents.sorted().joined(separator: ", ")
    let doing =
      begun.isEmpty
      ? "between two steps"
      : "while doing \(begun); whether that took effect will be probed, not guessed"
    return [
      Line(
        "The runner died \(doing). Nothing that it did is lost.", .attention),
      Line("next: lifeboat resume \(run)", .attention),
    ]
  }

  private func people(_ count: Int) -> String { count == 1 ? "a person" : "\(count) people" }
}
