import Journal

/// Fan-outs are told in one line with counts, and of their hosts only those that differ.
extension Narrator {
  /// `2/5 repoint  Repoint the agents`
  func heading(of id: String) -> Line {
    Line("  \(place(of: id)) \(id)  \(places[id].map { parts[$0].name } ?? id)")
  }

  mutating func show(_ tally: FanOutTally, _ entry: Entry) {
    told = tally.id
    now = Now(
      text: "\(place(of: tally.id)) \(tally.id): \(tally.progress)", since: entry.at,
      next: next(after: tally.id))
  }

  mutating func end(
    _ tally: FanOutTally, _ outcome: StepEnded.Outcome, _ message: String, _ entry: Entry
  ) -> [Line] {
    var tally = tally
    tally.end(outcome.rawValue)
    fanOuts[entry.step] = tally
    show(tally, entry)
    var lines: [Line] = []
    if [.failed, .inDoubt, .waiting].contains(outcome) {
      let host = (entry.step ?? "").hostOfPart
      lines.append(
        Line(
          "      \(Words.mark(outcome)) \(host): \(Words.outcome(outcome.rawValue)), \(message)",
          Words.tone(outcome)))
    }
    if tally.isComplete { lines.append(Line("      · \(tally.summary(at: entry.at))")) }
    return lines
  }

  mutating func rehearse(
    _ tally: FanOutTally, _ record: StepRehearsed, _ entry: Entry
  ) -> [Line] {
    var tally = tally
    var lines = tally.hasBegun ? [] : [heading(of: tally.id)]
    tally.begin(at: entry.at)
    tally.end(record.outcome.rawValue)
    fanOuts[entry.step] = tally
    if [.blocked, .unknown].contains(record.outcome) {
      lines.append(
        Line(
          "      \(Words.mark(record.outcome)) \((entry.step ?? "").hostOfPart): \(record.message)",
          Words.tone(record.outcome)))
    }
    if tally.isComplete { lines.append(Line("      · \(tally.summary)")) }
    return lines
  }
}
