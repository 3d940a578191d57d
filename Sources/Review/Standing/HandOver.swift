public import Journal

/// A note for whoever takes a run over: what happened, where it stands, what stands on somebody's word, and what to do next.
/// Markdown of short lines, to be read on a telephone; from the journal alone.
public struct HandOver: Sendable {
  private let standing: Standing
  private let sight: RunSight
  private let story: [String]

  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  ///
  /// - Parameters:
  ///   - isHeld: whether a living runner holds the lease on the run's sites.
  ///   - impasse: what other runs have done since, when that is in the way.
  ///   - unfinished: other runs that can be resumed.
  public init?(
    _ entries: [Entry], isHeld: Bool, impasse: Impasse? = nil, now: Timestamp,
    unfinished: [UnfinishedRun] = []
  ) throws {
    guard let sight = try RunSight(entries, isHeld: isHeld, impasse: impasse) else { return nil }
    self.sight = sight
    standing = Standing(sight, now: now, unfinished: unfinished)
    story = try HandOverStory(sight).lines(of: entries)
  }

  public var lines: [String] {
    heading + section("Do next", next) + section("In doubt", inDoubt) + section("Open", open)
      + section("Vouched for, and still to be seen to", vouched)
      + section("Otherwise than planned", deviations) + section("Done", done)
      + section("What happened", story)
  }

  private func section(_ title: String, _ items: [String]) -> [String] {
    ["", "## \(title)", ""] + (items.isEmpty ? ["nothing"] : items.map { "- \($0)" })
  }

  private var heading: [String] {
    let ending = RunEnded.Ending(rawValue: standing.state).map(Words.ending)
    return [
      "# Hand-over: \(standing.runbook) (\(standing.runType))", "",
      "\(standing.type) `\(standing.run)`, as of \(standing.at.clockText)", "",
      "**\(ending ?? standing.state.uppercased())**: \(standing.message.onOneLine)", "",
      "Began \(standing.beganAt.clockText) by \(standing.beganBy.spoken); "
        + "last entry \(standing.at.duration(since: standing.lastEntryAt).spoken) ago.",
    ]
  }

  // MARK: - Sections

  private var next: [String] {
    let ways = standing.unblocking.filter { $0.kind != .anybody }.map {
      "needs: \($0.text.onOneLine)"
    }
    let commands = standing.next.map { "`\($0.command)`: \($0.purpose.onOneLine)" }
    let advice = commands.isEmpty ? standing.advice.map { [$0.onOneLine] } ?? [] : []
    let abort = standing.abort.state == .notApplicable ? [] : [standing.abort.text]
    return ways + commands + advice + abort
  }

  private var inDoubt: [String] {
    standing.blocks.filter { ["in_doubt", "may_have_acted"].contains($0.kind) }.map {
      "\($0.step): \($0.what.onOneLine)"
    }
  }

  private var open: [String] {
    openOfRun + standing.unfinished.map { $0.text(at: standing.at) }
  }

  private var openOfRun: [String] {
    if standing.abortedBy != nil || sight.isSuperseded { return [] }
    let blocks = standing.blocks.filter { ["waiting", "failed", "precheck"].contains($0.kind) }
    let blocked = Set(standing.blocks.map(\.step))
    let rest = grouped(
      sight.steps.filter {
        ($0.state == .notBegun || $0.state == .begun) && !blocked.contains($0.id)
      })
    return blocks.map { "\($0.step): \(Words.outcome($0.kind)), \($0.what.onOneLine)" }
      + rest.map { "\($0): not yet" }
  }

  private var done: [String] {
    if let undoing = standing.abortedBy { return ["see the hand-over note of \(undoing)"] }
    let steps = sight.steps.filter { $0.state == .ended && $0.isThrough }
    return steps.filter { $0.partOf == nil }.map {
      "\($0.id): \(Words.outcome($0.outcome ?? "")), \(($0.message ?? "").onOneLine)"
    } + grouped(steps.filter { $0.partOf != nil })
  }

  /// Of a group, how many of its hosts.
  private func grouped(_ steps: [StepReport]) -> [String] {
    var counts: [(id: String, hosts: Int?)] = []
    for step in steps {
      if let group = step.partOf {
        if counts.last?.id == group {
          counts[counts.count - 1].hosts = (counts.last?.hosts ?? 0) + 1
        } else {
          counts.append((group, 1))
        }
      } else {
        counts.append((step.id, nil))
      }
    }
    return counts.map { id, hosts in hosts.map { "\(id) (\($0) hosts)" } ?? id }
  }

  /// What a person vouched for counts until it is seen.
  private var vouched: [String] {
    sight.gates.filter { $0.gate == "attest" && $0.state == .granted }.flatMap { gate in
      gate.answers.filter { $0.granted && $0.isForThisPlan }.flatMap { answer in
        let facts = answer.facts.filter { !isSeen($0, since: answer.at) }
        return facts.isEmpty && !answer.facts.isEmpty
          ? []
          : [
            "\(gate.step): \(answer.person.spoken) vouched at \(answer.at.clockText), “\(answer.words.onOneLine)”: "
              + (facts.isEmpty ? gate.prompt.onOneLine : Self.claims(facts))
              + "; see it with your own eyes when it answers again"
          ]
      }
    }
  }

  private static func claims(_ facts: [FactRecord]) -> String {
    facts.map {
      "\($0.subject) \($0.property) \($0.value?.stringValue ?? $0.value?.description ?? "?")"
    }.joined(separator: ", ")
  }

  private func isSeen(_ fact: FactRecord, since moment: Timestamp) -> Bool {
    sight.steps.flatMap(\.ends).flatMap(\.after).contains {
      $0.subject == fact.subject && $0.property == fact.property && $0.source == "probed"
        && $0.value != nil && $0.at > moment
    }
  }

  /// What is said elsewhere in the note.
  private static let toldElsewhere: Set<String> = [
    "running", "no_end_written", "vouched_for", "gate_open", "gate_refused", "begun",
    "may_have_acted", "aborted", "not_recovered", "start_not_declared", "left_to_do",
  ]

  private var deviations: [String] {
    let endings = RunEnded.Ending.allCases.map(\.rawValue)
    let items = sight.attention(nil).filter {
      !Self.toldElsewhere.contains($0.code)
        && !($0.step == sight.conclusion.step && endings.contains($0.code))
    }
    // A run that is resumed looks at its prechecks again.
    var told: Set<String> = []
    return items.map { item in (item.step.map { "\($0): " } ?? "") + item.text.onOneLine }
      .filter { told.insert($0).inserted }
  }
}

extension StepReport {
  /// Nothing of it is left to do.
  fileprivate var isThrough: Bool { ["ok", "changed", "skipped"].contains(outcome ?? "") }
}

extension String {
  /// A log's several lines would break a list.
  var onOneLine: String { split(separator: "\n").joined(separator: " ") }
}

/// A run's entries as a list of what happened when.
struct HandOverStory {
  private let parts: [String: String]

  init(_ sight: RunSight) {
    parts = Dictionary(
      sight.steps.compactMap { step in step.partOf.map { (step.id, $0) } },
      uniquingKeysWith: { first, _ in first })
  }

  func lines(of entries: [Entry]) throws -> [String] {
    var day = entries.first.map { Self.day($0.at) }
    return try entries.compactMap { entry in
      guard let text = try text(of: entry) else { return nil }
      let isNewDay = Self.day(entry.at) != day
      day = Self.day(entry.at)
      let clock = entry.at.description.dropFirst(11).prefix(8) + "Z"
      return (isNewDay ? "\(day ?? "") " : "") + "\(clock) \(text.onOneLine)"
    }
  }

  private static func day(_ moment: Timestamp) -> String { String(moment.description.prefix(10)) }

  private func text(of entry: Entry) throws -> String? {
    if let record = try entry.record(RunStarted.self) {
      return "began, by \(record.person.spoken)"
    } else if let record = try entry.record(RunResumed.self) {
      return "resumed, by \(record.person.spoken)"
    } else if let record = try entry.record(RunAborted.self) {
      return "abort began, by \(record.person.spoken): `\(record.by)`"
    } else if let record = try entry.record(RunEnded.self) {
      return "\(Words.ending(record.ending)): \(record.message)"
    }
    guard let step = entry.step else { return nil }
    return try text(of: entry, step).map { "\(step): \($0)" }
  }

  private func text(of entry: Entry, _ step: String) throws -> String? {
    if let record = try entry.record(PrecheckJudged.self) {
      guard record.verdict.verdict != "satisfied" else { return nil }
      return "precheck \(record.verdict.verdict), \(record.verdict.explanation)"
    } else if let record = try entry.record(StepIntent.self), parts[step] == nil {
      return "\(record.verdict.explanation)\(record.attempt > 1 ? " (try \(record.attempt))" : "")"
    } else if let record = try entry.record(StepEnded.self) {
      let isFine = [.ok, .changed, .skipped].contains(record.outcome)
      return parts[step] != nil && isFine
        ? nil : "\(Words.outcome(record.outcome.rawValue)), \(record.message)"
    } else if let record = try entry.record(GateAsked.self) {
      return "asked: \(record.prompt)"
    } else if let record = try entry.record(GateAnswered.self) {
      let answer = record.granted ? Words.granted(record.gate) : "refused"
      return "\(answer) by \(record.person.spoken): “\(record.words)”"
    } else if let record = try entry.record(GateVoided.self) {
      return "what \(record.person.spoken) vouched for counts no more (\(record.reason.rawValue))"
    }
    return nil
  }
}
