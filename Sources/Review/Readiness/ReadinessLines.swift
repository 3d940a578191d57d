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
    return [Line("Changed \(since)", .heading)] + Self.lines(changes) + [conclusion]
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
    let items = open.map { Item($0.id, $0.finding, $0.message, $0.advice) }
    return [Line(""), Line("What to do", .heading)] + Item.lines(items)
  }

  private static func lines(_ changes: [ReadinessChanges.Change]) -> [Line] {
    Item.lines(
      changes.map { change in
        let before = change.before?.words ?? "new"
        let after = change.after?.words ?? "gone"
        return Item(
          change.check, change.after ?? .ready, "\(before) → \(after): \(change.message)",
          change.advice)
      })
  }

  /// One thing to tell, of one check or of several: a host that is down is told once.
  private struct Item {
    var checks: [String]
    let finding: ReadinessJudged.Finding
    let message: String
    let advice: String?

    init(
      _ check: String, _ finding: ReadinessJudged.Finding, _ message: String, _ advice: String?
    ) {
      checks = [check]
      self.finding = finding
      self.message = message
      self.advice = advice
    }

    static func lines(_ items: [Item]) -> [Line] {
      var together: [Item] = []
      for item in items {
        if let same = together.firstIndex(where: {
          $0.message == item.message && $0.advice == item.advice
        }) {
          together[same].checks += item.checks
        } else {
          together.append(item)
        }
      }
      return together.flatMap(\.lines)
    }

    private var lines: [Line] {
      let checks = checks.joined(separator: ", ")
      return [Line("  \(finding.mark) \(checks): \(message)", finding.tone)]
        + (advice.map { [Line("      \($0)")] } ?? [])
    }
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
