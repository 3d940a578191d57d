import Journal

/// What keeps a run from going on, each with what was seen of it.
struct BlockReading {
  let sight: RunSight

  var all: [Standing.Block] {
    let isOver =
      sight.reading.aborted != nil || sight.isSuperseded || sight.conclusion.state == .running
    return isOver ? [] : prechecks + sight.steps.compactMap(block)
  }

  private var prechecks: [Standing.Block] {
    guard sight.conclusion.state == .ended, !sight.conclusion.resumable else { return [] }
    return sight.reading.prechecks
      .filter { $0.critical && $0.accepted == nil && $0.verdict.verdict != "satisfied" }
      .map { check in
        Standing.Block(
          step: check.id, kind: "precheck", what: check.verdict.explanation, code: nil,
          evidence: check.observation.map { .init($0, entry: check.entry) })
      }
  }

  private func block(of step: StepReport) -> Standing.Block? {
    switch step.state {
    case .mayHaveActed:
      let evidence = step.attempts.last.map { attempt in
        attempt.before.map { Standing.Evidence($0, entry: attempt.entry) }
      }
      return Standing.Block(
        step: step.id, kind: "may_have_acted", what: "it was begun, and its end isn't written",
        code: nil, evidence: evidence ?? [])
    case .ended:
      guard let end = step.ends.last, !end.tolerated,
        ["failed", "in_doubt", "waiting"].contains(end.outcome)
      else { return nil }
      return Standing.Block(
        step: step.id, kind: end.outcome, what: end.message, code: end.failure?.code,
        evidence: Self.evidence(of: end))
    case .rehearsed:
      guard let rehearsed = step.rehearsed, let outcome = step.outcome,
        ["blocked", "unknown"].contains(outcome)
      else { return nil }
      return Standing.Block(
        step: step.id, kind: outcome, what: step.message ?? "", code: nil,
        evidence: rehearsed.guards.compactMap {
          .init($0, at: rehearsed.at, entry: rehearsed.entry)
        }
          + rehearsed.observation.map { .init($0, entry: rehearsed.entry) })
    case .notBegun, .begun:
      return nil
    }
  }

  private static func evidence(of end: StepReport.End) -> [Standing.Evidence] {
    let guards = end.guards.compactMap {
      Standing.Evidence($0, at: end.at, entry: end.entry)
    }
    return guards + end.after.map { .init($0, entry: end.entry) }
  }
}

extension Standing.Evidence {
  init(_ fact: FactRecord, entry: Int) {
    let reading =
      fact.value.map { "is " + ($0.stringValue ?? $0.description).cut(to: 60) }
      ?? (fact.unreachable == true ? "can't be asked" : "isn't known") + ": \(fact.gap ?? "")"
    self.init(
      text: "\(fact.subject) \(fact.property) \(reading)", fact: fact, guarding: nil,
      isDecisive: fact.value == nil, at: fact.at, entry: entry)
  }

  /// Nil of a guard that holds, or was overridden.
  init?(_ guarding: GuardRecord, at moment: Timestamp, entry: Int) {
    guard guarding.finding != "holds", guarding.overridden == nil else { return nil }
    self.init(
      text: "guard \(guarding.id) demands that \(guarding.demand): "
        + (guarding.explanation ?? guarding.finding), fact: nil, guarding: guarding,
      isDecisive: true, at: moment, entry: entry)
  }
}

/// Who, or what, a run waits for.
struct UnblockingReading {
  let sight: RunSight
  let blocks: [Standing.Block]

  var all: [Standing.Unblocking] {
    let found = blocks.flatMap(ways)
    var seen: Set<String> = []
    let different = found.filter { seen.insert("\($0.kind) \($0.text)").inserted }
    guard different.isEmpty, sight.isResumable, sight.conclusion.state != .running else {
      return different
    }
    return [way(.anybody, "anybody who has it go on")]
  }

  private func ways(out block: Standing.Block) -> [Standing.Unblocking] {
    let part = sight.steps.first { $0.id == block.step }?.partOf
    let gates = sight.gates.filter {
      ($0.step == block.step || $0.step == part) && $0.state != .granted
    }
    let people = block.kind == "precheck" ? [] : gates.map(way(through:))
    let dark = block.evidence.compactMap(\.fact).filter { $0.unreachable == true }
    let targets = Dictionary(grouping: dark) { String($0.subject.prefix { $0 != "/" }) }
      .sorted { $0.key < $1.key }.map { target, facts in
        way(
          .target, "\(target) must answer again: \(facts.first?.gap ?? "it can't be asked")",
          step: block.step, target: target)
      }
    let ways = people + targets
    return ways.isEmpty && block.kind != "may_have_acted"
      ? [way(.cause, cause(of: block), step: block.step)] : ways
  }

  private func cause(of block: Standing.Block) -> String {
    let failure = sight.steps.first { $0.id == block.step }?.failure
    return "whoever can put it right: \(failure?.advice ?? block.what)"
  }

  private func way(through gate: GateReport) -> Standing.Unblocking {
    let missing = max(1, gate.required - gate.people)
    let granted = gate.answers.filter(\.granted).map(\.person.spoken)
    var who = missing == 1 ? "a person" : "\(missing) people"
    if !granted.isEmpty { who += " other than \(granted.joined(separator: ", "))" }
    if gate.signed { who += ", with a key that the inventory's allowed_signers know," }
    let again = gate.state == .refused ? " (the last answer was no)" : ""
    return way(
      .people, "\(who) who can say: \(gate.prompt)\(again)", step: gate.step, gate: gate)
  }

  private func way(
    _ kind: Standing.Unblocking.Kind, _ text: String, step: String? = nil,
    gate: GateReport? = nil, target: String? = nil
  ) -> Standing.Unblocking {
    Standing.Unblocking(kind: kind, text: text, step: step, gate: gate, target: target)
  }
}

extension GateReport {
  /// The option of the command line that answers it.
  var answerOption: String { gate == "approval" ? "--approve" : "--\(gate)" }
}
