import Journal

extension Timeline {
  /// Of steps that have no time of their own, as the hosts of a rehearsed fan-out, there is no line.
  public func lines(width: Int) -> [Line] {
    let labels = events.map(Self.label)
    let labelWidth = min(labels.map(\.count).max() ?? 0, max(24, width / 2))
    let axis = BarAxis(account, columns: max(10, width - labelWidth - 2 * Self.timeWidth - 4))
    return heading
      + zip(events, labels).map { event, label in
        let took = event.seconds.map { Duration.seconds($0).spoken } ?? ""
        let cells = [
          "+\(Duration.seconds(event.offset).spoken)".padded(to: Self.timeWidth),
          label.cut(to: labelWidth).padded(to: labelWidth), took.padded(to: Self.timeWidth),
          bar(of: event, on: axis),
        ]
        return Line(cells.joined(separator: " ").trimmingTrailingSpaces, Self.tone(of: event))
      }
  }

  private static let timeWidth = 12

  private var heading: [Line] {
    let halted = events.filter { $0.kind == .halt }.compactMap(\.seconds).reduce(0, +)
    let axis =
      halted == 0 ? "" : "; the bars leave out \(Duration.seconds(halted).spoken) of standing still"
    return [
      Line(
        "\(account.started.runbook) (\(account.started.runType)), \(account.started.type.rawValue) \(account.run): "
          + "\(Words.outcome(account.outcome)) after \(account.duration.spoken)",
        .heading),
      Line(
        "began \(account.beganAt.clockText) by \(account.started.person.spoken)\(axis)", .faint),
      Line(""),
    ]
  }

  private static func label(of event: Event) -> String {
    switch event.kind {
    case .prechecks: event.text
    case .step: "\(Words.mark(outcome: event.outcome)) \(event.step ?? "")"
    case .gate: "  ? \(event.text)"
    case .answer: "    \(event.text)"
    case .try: "  \(event.text)"
    case .halt: "‖ \(event.text)"
    }
  }

  private static func tone(of event: Event) -> Line.Tone {
    switch event.kind {
    case .step: Words.tone(outcome: event.outcome)
    case .gate, .halt, .try: .attention
    case .prechecks, .answer: .plain
    }
  }

  private func bar(of event: Event, on axis: BarAxis) -> String {
    switch event.kind {
    case .prechecks:
      guard let end = account.prechecks.last?.at else { return "" }
      return axis.bar([.init(begin: account.beganAt, end: end)], of: "█")
    case .step:
      return axis.bar(account.steps.first { $0.id == event.step }?.spans ?? [], of: "█")
    case .gate:
      guard let seconds = event.seconds else { return "" }
      let begin = account.beganAt.advanced(by: .seconds(event.offset))
      return axis.bar([.init(begin: begin, end: begin.advanced(by: .seconds(seconds)))], of: "░")
    case .answer, .try, .halt: return ""
    }
  }
}

/// The columns of a terminal as the time in which a run lived.
struct BarAxis {
  private let alive: [StepAccount.Span]
  private let total: Double
  private let columns: Int

  init(_ account: RunAccount, columns: Int) {
    alive = account.alive
    total = account.alive.reduce(0) { $0 + $1.end.duration(since: $1.begin).inSeconds }
    self.columns = columns
  }

  /// At least one column each, however short.
  func bar(_ spans: [StepAccount.Span], of mark: Character) -> String {
    var cells = [Character](repeating: " ", count: columns)
    for span in spans {
      let first = min(columns - 1, column(of: span.begin))
      let last = min(columns, max(first + 1, column(of: span.end)))
      for place in first..<last { cells[place] = mark }
    }
    return String(cells)
  }

  private func column(of moment: Timestamp) -> Int {
    let lived = alive.reduce(0.0) { sum, span in
      moment <= span.begin ? sum : sum + min(moment, span.end).duration(since: span.begin).inSeconds
    }
    return total == 0 ? 0 : Int(lived / total * Double(columns))
  }
}
