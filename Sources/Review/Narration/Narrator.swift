public import Journal

/// Tells a run's entries to a person, one after the other. Live progress and `audit show` use the same words, because
/// they are told from the same entries.
public struct Narrator: Sendable {
  /// What is going on, for a line that is redrawn: which step, since when, what comes next.
  public struct Now: Sendable, Hashable {
    public let text: String
    public let since: Timestamp
    public let next: String?
  }

  public internal(set) var now: Now?
  var parts: [PlanOutline.Part] = []
  /// By the ids of planned steps, and by those of fan-outs: which part of the plan it is.
  var places: [String: Int] = [:]
  /// Nothing when every host is told by itself.
  var fanOuts = FanOutTallies()
  private let isDetailed: Bool
  private var started: [String: Timestamp] = [:]
  private var runStarted: Timestamp?
  private var runbook = ""
  private var parameters = ""
  private var isRehearsal = false
  private var hasShownPrechecks = false
  /// What was told of the last act, in full.
  private var lastFailure: String?
  private var hasShownSteps = false
  var wayBack = WayBack()
  /// The step that the last lines were about: lines about another one name it, when steps run side by side.
  var told: String?

  /// `isDetailed`: each host of a fan-out is told by itself.
  public init(isDetailed: Bool = false) { self.isDetailed = isDetailed }

  /// The lines for an entry; none for those that only matter to a machine. Throws `JSONError` when a body is not what
  /// its kind says.
  public mutating func lines(for entry: Entry) throws -> [Line] {
    switch entry.kind {
    case RunStarted.kind: try entry.record(RunStarted.self).map { try begin($0, entry) } ?? []
    case RunResumed.kind: try entry.record(RunResumed.self).map { resume($0, entry) } ?? []
    case PrecheckJudged.kind: try entry.record(PrecheckJudged.self).map { tell($0, entry) } ?? []
    case StepStarted.kind: try entry.record(StepStarted.self).map { begin($0, entry) } ?? []
    case StepIntent.kind: try entry.record(StepIntent.self).map { tell($0, entry) } ?? []
    case StepActed.kind: try entry.record(StepActed.self).map { tell($0, entry) } ?? []
    case StepEnded.kind: try entry.record(StepEnded.self).map { end($0, entry) } ?? []
    case StepRehearsed.kind: try entry.record(StepRehearsed.self).map { tell($0, entry) } ?? []
    case GateAsked.kind: try entry.record(GateAsked.self).map { tell($0, entry) } ?? []
    case GateAnswered.kind: try entry.record(GateAnswered.self).map { tell($0) } ?? []
    case GateVoided.kind: try entry.record(GateVoided.self).map { tell($0, entry) } ?? []
    case ReadinessJudged.kind:
      try entry.record(ReadinessJudged.self)?.lines(of: entry.step ?? "") ?? []
    case LostSiteAssumed.kind, LostSitePointers.kind: try LostSiteLines(entry).lines
    case RunEnded.kind: try entry.record(RunEnded.self).map { end($0, entry) } ?? []
    default: []
    }
  }

  // MARK: - The run

  private mutating func begin(_ record: RunStarted, _ entry: Entry) throws -> [Line] {
    let plan = try record.plan.decode(PlanOutline.self)
    outline(plan)
    runbook = record.runbook
    parameters = plan.parametersText
    runStarted = entry.at
    wayBack = WayBack(record.wayBack)
    isRehearsal = record.type == .rehearsal
    let title = "\(record.runbook) (\(record.runType))"
    let heading =
      switch record.type {
      case .execution: title
      case .rehearsal: "Rehearsal of \(title): nothing will be changed"
      case .readiness: "Readiness of \(title): nothing will be changed"
      }
    return [
      Line(heading, .heading),
      Line(record.description),
      Line(
        "run \(entry.run ?? "")  plan \(record.planDigest.prefix(19))  \(parameters)  by \(record.person.spoken)",
        .faint),
    ] + (record.savedPlan?.lines ?? []) + (record.proof?.lines ?? [])
      + takeovers(record.takenOverFrom)
      + (wayBack.headline.map { [Line($0, .faint)] } ?? [])
  }

  private mutating func outline(_ plan: PlanOutline) {
    parts = PlanOutline.parts(of: plan.steps)
    places = [:]
    for (index, part) in parts.enumerated() {
      for id in part.steps + [part.id] { places[id] = index }
    }
    guard !isDetailed else { return }
    fanOuts = FanOutTallies(parts + PlanOutline.parts(of: plan.prechecks ?? []))
  }

  private func takeovers(_ holders: [String]) -> [Line] {
    holders.map { Line("taken over from a runner that is dead: \($0)", .faint) }
  }

  private mutating func resume(_ record: RunResumed, _ entry: Entry) -> [Line] {
    runStarted = runStarted ?? entry.at
    fanOuts = isDetailed ? FanOutTallies() : FanOutTallies(parts)
    let run = [runbook, entry.run ?? "", parameters].filter { !$0.isEmpty }.joined(separator: "  ")
    return [Line("Resumed by \(record.person.spoken): \(run)", .heading)]
      + takeovers(record.takenOverFrom) + (wayBack.headline.map { [Line($0, .faint)] } ?? [])
  }

  private mutating func end(_ record: RunEnded, _ entry: Entry) -> [Line] {
    now = nil
    let took = runStarted.map { " after \(entry.at.duration(since: $0).spoken)" } ?? ""
    let counts = record.outcomes.sorted { $0.key < $1.key }
      .map { "\($0.value) \(Words.outcome($0.key))" }.joined(separator: ", ")
    var lines = fanOuts.open.map {
      Line("      ? \($0.id): \($0.summary(at: entry.at))", .attention)
    }
    lines += [
      Line(""),
      Line(
        "\(Words.ending(record.ending))\(took): \(record.message.firstLine)\(record.code.map { " [\($0)]" } ?? "")",
        Words.tone(record.ending)),
    ]
    if !counts.isEmpty { lines.append(Line("steps: \(counts)", .faint)) }
    if let fidelity = record.fidelityPercent {
      lines.append(
        Line(
          "fidelity: \(fidelity)% of the steps were judged by what was seen, the rest by what earlier steps would bring about",
          .faint))
    }
    if let used = record.factsUsed {
      lines.append(
        Line("facts used: probed \(used.probed), predicted \(used.predicted)", .faint))
    }
    if let tally = record.predictions {
      lines.append(Line(tally.spoken, tally.missed.isEmpty ? .faint : .attention))
    }
    if let advice = record.advice { lines.append(Line("next: \(advice)", .attention)) }
    return lines + (isRehearsal ? wayBack.lines : [])
  }

  private mutating func tell(_ record: PrecheckJudged, _ entry: Entry) -> [Line] {
    let heading = hasShownPrechecks ? [] : [Line(""), Line("Prechecks", .heading)]
    hasShownPrechecks = true
    let isFine = record.verdict.verdict == "satisfied"
    if var tally = fanOuts[entry.step] {
      tally.begin(at: entry.at)
      tally.end(record.verdict.verdict)
      fanOuts[entry.step] = tally
      if isFine {
        return heading
          + (tally.isComplete ? [Line("  · \(tally.id): \(tally.summary)", .faint)] : [])
      }
    }
    let isOpen = !isFine && (record.accepted != nil || !record.critical)
    let mark = isFine ? "✓" : isOpen ? "!" : "✗"
    var text = "  \(mark) \(entry.step ?? ""): \(record.verdict.explanation)"
    if let reason = record.accepted { text += " (accepted: \(reason))" }
    if !isFine, !record.critical { text += " (not critical)" }
    return heading + [Line(text, isFine ? .good : isOpen ? .attention : .bad)]
  }

  // MARK: - Steps of an execution

  private mutating func begin(_ record: StepStarted, _ entry: Entry) -> [Line] {
    let id = entry.step ?? ""
    started[id] = entry.at
    if var tally = fanOuts[id] {
      defer { fanOuts[id] = tally }
      let isFirst = !tally.hasBegun
      tally.begin(at: entry.at)
      show(tally, entry)
      return isFirst ? headingOfSteps() + [heading(of: tally.id)] : []
    }
    told = id
    now = Now(text: "\(place(of: id)) \(id): looking", since: entry.at, next: next(after: id))
    return headingOfSteps() + [Line("  \(place(of: id)) \(id)  \(record.name)")]
  }

  private mutating func tell(_ record: StepIntent, _ entry: Entry) -> [Line] {
    let id = entry.step ?? ""
    let endOfWayBack = tellEndOfWayBack(at: id)
    if fanOuts[id] != nil { return endOfWayBack }
    now = Now(text: "\(place(of: id)) \(id): acting", since: entry.at, next: next(after: id))
    let margin = margin(of: id)
    let again = record.attempt > 1 ? " (try \(record.attempt))" : ""
    let overridden = record.guards.filter { $0.overridden != nil }.map {
      Line("\(margin)! guard \($0.id) overridden: \($0.overridden ?? "")", .attention)
    }
    return overridden + endOfWayBack + [
      Line("\(margin)… \(record.verdict.explanation)\(again)", .faint)
    ]
  }

  private mutating func tell(_ record: StepActed, _ entry: Entry) -> [Line] {
    let id = entry.step ?? ""
    if fanOuts[id] != nil { return [] }
    now = Now(text: "\(place(of: id)) \(id): verifying", since: entry.at, next: next(after: id))
    let margin = margin(of: id)
    lastFailure = record.failure?.message
    return record.failure.map { [Line("\(margin)! \($0.message) [\($0.code)]", .attention)] } ?? []
  }

  private mutating func end(_ record: StepEnded, _ entry: Entry) -> [Line] {
    let id = entry.step ?? ""
    let took = started[id].map { "  \(entry.at.duration(since: $0).spoken)" } ?? ""
    let code = record.failure.map { " [\($0.code)]" } ?? ""
    if let tally = fanOuts[id] { return end(tally, record.outcome, record.message + code, entry) }
    let message = record.message == lastFailure ? record.message.firstLine : record.message
    var lines = [
      Line(
        "\(margin(of: id))\(Words.mark(record.outcome)) \(Words.outcome(record.outcome.rawValue))\(took)  \(message)\(code)",
        Words.tone(record.outcome))
    ]
    lines += record.misses.map {
      Line(
        "      ! predicted \($0.subject) \($0.property) = \($0.predicted?.description ?? "nothing"), observed \($0.observed?.description ?? "nothing")",
        .attention)
    }
    return lines
  }

  private mutating func tell(_ record: GateAsked, _ entry: Entry) -> [Line] {
    now = Now(
      text: "\(place(of: entry.step ?? "")) \(entry.step ?? ""): waiting for a person",
      since: entry.at, next: nil)
    return [Line("\(margin(of: entry.step ?? ""))? \(record.prompt)", .attention)]
  }

  private func tell(_ record: GateAnswered) -> [Line] {
    let answer = record.granted ? Words.granted(record.gate) : "refused"
    let words = record.words.isEmpty ? "" : ": “\(record.words)”"
    let signed =
      record.signature.map { ", signed with the key of \($0.principal ?? "nobody known")" } ?? ""
    return [
      Line(
        "      \(record.granted ? "✓" : "✗") \(answer) by \(record.person.spoken)\(signed)\(words)",
        record.granted ? .good : .bad)
    ]
  }

  private mutating func tell(_ record: GateVoided, _ entry: Entry) -> [Line] {
    let why =
      switch record.reason {
      case .expired: "too long ago to go on with"
      case .contradicted:
        "seen now: "
          + record.facts.map {
            "\($0.subject) \($0.property) = \($0.value?.description ?? "not known")"
          }.joined(separator: ", ")
      }
    return [
      Line(
        "\(margin(of: entry.step ?? ""))! what \(record.person.spoken) vouched for counts no more: \(why)",
        .attention)
    ]
  }

  // MARK: - Steps of a rehearsal

  private mutating func tell(_ record: StepRehearsed, _ entry: Entry) -> [Line] {
    let id = entry.step ?? ""
    let basis =
      switch record.basis {
      case .probed: "as seen"
      case .predicted: "as earlier steps would leave it"
      case .opaque: "an earlier step can't say what it would bring about"
      }
    var lines = headingOfSteps()
    if let tally = fanOuts[id] { return lines + rehearse(tally, record, entry) }
    lines.append(Line("  \(place(of: id)) \(id)  \(record.name)"))
    lines.append(
      Line(
        "      \(Words.mark(record.outcome)) \(Words.outcome(record.outcome.rawValue)): \(record.message)",
        Words.tone(record.outcome)))
    lines.append(Line("        \(basis)\(record.factsUsed)", .faint))
    lines += (record.operations ?? []).map { Line("        · \($0.spoken)", .faint) }
    if let behind = record.behind {
      lines.append(Line("        only if \(behind) gets through", .faint))
    }
    return lines
  }

  private mutating func headingOfSteps() -> [Line] {
    defer { hasShownSteps = true }
    return hasShownSteps ? [] : [Line(""), Line("Steps", .heading)]
  }

  private mutating func margin(of id: String) -> String {
    defer { told = id }
    return told == id ? "      " : "      \(id): "
  }

  func place(of id: String) -> String { "\((places[id] ?? -1) + 1)/\(parts.count)" }

  func next(after id: String) -> String? {
    guard let place = places[id], place + 1 < parts.count else { return nil }
    return parts[place + 1].id
  }
}
