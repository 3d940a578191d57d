import Journal

extension Standing {
  /// How much of what was seen of one block is shown on a screen; all of it is in the JSON.
  private static let evidenceShown = 5

  public var lines: [Line] {
    [
      Line("\(runbook) (\(runType)), \(type) \(run)", .heading),
      Line(
        "began \(beganAt) by \(beganBy.spoken); last entry \(lastEntryAt), \(at.duration(since: lastEntryAt).spoken) ago",
        .faint),
    ] + (aborts.map { [Line("it undoes \($0)", .faint)] } ?? []) + [Line("")] + stepLines
      + [Line("")] + conclusion
  }

  private var stepLines: [Line] {
    var lines: [Line] = []
    var told: Set<String> = []
    for step in steps {
      guard let group = step.partOf else {
        lines.append(line(for: step))
        continue
      }
      guard told.insert(group).inserted else { continue }
      lines += self.lines(forHostsOf: group)
    }
    return lines
  }

  private func line(for step: Step) -> Line {
    switch step.state {
    case .mayHaveActed, .begun:
      state == "running"
        ? Line("  ▸ \(step.id): being done", .plain)
        : Line("  ? \(step.id): begun, and its end isn't written", .attention)
    case .notBegun:
      Line("  · \(step.id): not yet", .faint)
    case .ended, .rehearsed:
      Line(
        "  \(Words.mark(outcome: step.outcome)) \(step.id): \(Words.outcome(step.outcome ?? "")), \((step.message ?? "").firstLine)",
        Words.tone(outcome: step.outcome))
    }
  }

  /// One line with counts, and one for each host that differs from those that are done.
  private func lines(forHostsOf group: String) -> [Line] {
    let hosts = steps.filter { $0.partOf == group }
    let others = hosts.filter { $0.state != .notBegun && !$0.isDone }
    let ended = hosts.filter { $0.state == .ended || $0.state == .rehearsed }
    let counts = Dictionary(ended.map { ($0.outcome ?? "", 1) }, uniquingKeysWith: +)
      .sorted { $0.key < $1.key }.map { "\($0.value) \(Words.outcome($0.key))" }
    let share = ended.count == hosts.count ? "" : "\(ended.count) of "
    let summary =
      counts.isEmpty
      ? "\(hosts.count) hosts, not yet"
      : "\(share)\(hosts.count) hosts: \(counts.joined(separator: ", "))"
    let isDone = hosts.allSatisfy(\.isDone)
    let mark = isDone ? "✓" : others.isEmpty ? "·" : "?"
    let head = Line(
      "  \(mark) \(group): \(summary)",
      isDone ? .good : others.isEmpty ? .faint : .attention)
    return [head] + others.map(line).map { Line("  " + $0.text, $0.tone) }
  }

  private var conclusion: [Line] {
    let ending = RunEnded.Ending(rawValue: state)
    var lines = [
      Line(
        ending.map { "\(Words.ending($0)): \(message)" } ?? message,
        ending.map(Words.tone) ?? (state == "running" ? .good : .attention))
    ]
    lines += blocks.flatMap(self.lines)
    for (place, way) in unblocking.enumerated() where way.kind != .anybody {
      lines.append(Line("\(place == 0 ? "who can unblock it" : "or"): \(way.text)", .attention))
    }
    if state != "running" {
      lines += next.map { Line("next: \($0.command)  (\($0.purpose))", .attention) }
      if next.isEmpty, let advice { lines.append(Line("next: \(advice)", .attention)) }
    }
    if abort.state != .notApplicable { lines.append(Line(abort.text, .faint)) }
    return lines + unfinished.map { Line($0.text(at: at), .attention) }
  }

  private func lines(for block: Block) -> [Line] {
    let code = block.code.map { " [\($0)]" } ?? ""
    // What the run ended with is said by its end.
    let what = message.contains(block.what) ? "" : ": \(block.what.firstLine)"
    let seen = block.kind == "may_have_acted" ? "seen before" : "seen"
    let decisive = block.evidence.filter(\.isDecisive)
    let shown = Self.told(decisive.isEmpty ? block.evidence : decisive)
    var lines = [Line("blocked by \(block.step)\(what)\(code)")]
    lines += shown.prefix(Self.evidenceShown).map { Line("    \(seen): \($0)", .faint) }
    if shown.count > Self.evidenceShown {
      lines.append(
        Line("    and \(shown.count - Self.evidenceShown) more: --output json", .faint))
    }
    return lines
  }

  /// In words, with when it was seen and by which entry; what can't be had for one reason is told together.
  private static func told(_ evidence: [Evidence]) -> [String] {
    var order: [String] = []
    var names: [String: [String]] = [:]
    for each in evidence {
      let source = each.fact?.source ?? "checked"
      let place = "(\(source) \(each.at.clockText), entry \(each.entry))"
      let gap = each.fact.flatMap { $0.value == nil ? $0.gap : nil }
      let text = gap.map { "\($0.cut(to: 160)) \(place)" } ?? "\(each.text) \(place)"
      if names[text] == nil { order.append(text) }
      let name = gap == nil ? nil : each.fact.map { "\($0.subject) \($0.property)" }
      names[text, default: []] += [name].compactMap(\.self)
    }
    return order.map { text in
      guard let names = names[text], let first = names.first else { return text }
      let more = names.count > 1 ? " and \(names.count - 1) more" : ""
      return "\(first)\(more) can't be told: \(text)"
    }
  }
}

extension Standing.Step {
  fileprivate var isDone: Bool {
    state == .ended && ["ok", "changed", "skipped"].contains(outcome ?? "")
  }
}
