import Journal

extension ReadinessReport {
  /// All of it: a table, then what to do.
  public var lines: [Line] {
    [heading] + table + toDo(checks.filter { $0.finding != .ready }) + [conclusion]
  }

  /// Only what changed since `earlier`; nil: there was no readiness run of this runbook before, and all of it is told.
  public func lines(since earlier: ReadinessReport?) -> [Line] {
    guard let earlier else {
      return lines + [
        Line("No readiness run of \(runbook) came before this one: all of it was shown.", .faint)
      ]
    }
    let changes = ReadinessChanges(from: earlier, to: self).changes
    let since =
      "since run \(earlier.run) of \(earlier.at.clockText), "
      + "\(at.duration(since: earlier.at).spoken) before"
    guard !changes.isEmpty else { return [Line("Nothing changed \(since).", .faint), conclusion] }
    return [Line("Changed \(since)", .heading)] + changes.flatMap(Self.lines) + [conclusion]
  }

  private var heading: Line { Line("Readiness of \(runbook): nothing was changed", .heading) }

  private var table: [Line] {
    let rows = checks.map { check in
      [check.id, check.finding.words, check.message.firstLine.cut(to: 110)]
    }
    return TextTable(
      ["CHECK", "FINDING", "WHAT WAS SEEN"], rows, tones: checks.map(\.finding.tone)
    )
    .lines
  }

  private func toDo(_ open: [Check]) -> [Line] {
    guard !open.isEmpty else { return [] }
    return [Line(""), Line("What to do", .heading)]
      + open.flatMap { check in
        [Line("  \(check.finding.mark) \(check.id): \(check.message)", check.finding.tone)]
          + (check.advice.map { [Line("      \($0)")] } ?? [])
      }
  }

  private static func lines(_ change: ReadinessChanges.Change) -> [Line] {
    let finding = change.after ?? .ready
    let before = change.before?.words ?? "new"
    let after = change.after?.words ?? "gone"
    return [
      Line(
        "  \(finding.mark) \(change.check): \(before) → \(after): \(change.message)", finding.tone)
    ] + (change.advice.map { [Line("      \($0)")] } ?? [])
  }

  private var conclusion: Line {
    let parts = [
      (count(.notReady), "not ready"), (count(.cannotTell), "can't be told"),
      (count(.ready), "ready"),
    ].filter { $0.0 > 0 }.map { "\($0.0) \($0.1)" }
    return Line(
      "\(finding.conclusion) (run \(run)): \(parts.joined(separator: ", "))", finding.tone)
  }
}

extension ReadinessJudged.Finding {
  var words: String {
    switch self {
    case .ready: "ready"
    case .notReady: "not ready"
    case .cannotTell: "cannot tell"
    }
  }

  fileprivate var conclusion: String {
    switch self {
    case .ready: "Ready"
    case .notReady: "NOT READY"
    case .cannotTell: "CANNOT TELL"
    }
  }

  var mark: String {
    switch self {
    case .ready: "✓"
    case .notReady: "✗"
    case .cannotTell: "?"
    }
  }

  var tone: Line.Tone {
    switch self {
    case .ready: .good
    case .notReady: .bad
    case .cannotTell: .attention
    }
  }
}

extension ReadinessJudged {
  /// As a run's story tells it.
  func lines(of check: String) -> [Line] {
    [Line("  \(finding.mark) \(check): \(message)", finding.tone)]
      + (advice.map { [Line("      what to do: \($0)")] } ?? [])
  }
}
