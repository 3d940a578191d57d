public import Journal

/// A run in full, for whoever reviews it: what the narrator says, and beneath it what was seen, by which guards it was
/// allowed, and what acting left behind, each with the number of its entry.
public struct Dossier: Sendable {
  private var narrator = Narrator(isDetailed: true)

  public init() {}

  public mutating func lines(for entry: Entry) throws -> [Line] {
    try narrator.lines(for: entry) + details(of: entry)
  }

  private func details(of entry: Entry) throws -> [Line] {
    if let record = try entry.record(StepIntent.self) {
      return [reference(entry, "intent")] + record.guards.map(line) + record.observation.map(line)
    }
    if let record = try entry.record(StepActed.self) {
      return [reference(entry, "acted")]
        + (record.evidence.map { [Line("          evidence \($0)", .faint)] } ?? [])
    }
    if let record = try entry.record(StepEnded.self) {
      return [reference(entry, "ended")] + record.observation.map(line)
    }
    if let record = try entry.record(StepRehearsed.self) {
      return [reference(entry, "rehearsed")] + record.guards.map(line)
        + record.observation.map(line)
    }
    if let record = try entry.record(PrecheckJudged.self) { return record.observation.map(line) }
    return []
  }

  private func reference(_ entry: Entry, _ what: String) -> Line {
    Line("        entry \(entry.index)  \(entry.at)  \(what)", .faint)
  }

  private func line(_ record: GuardRecord) -> Line {
    let overridden = record.overridden.map { ", overridden: \($0)" } ?? ""
    let why = record.explanation.map { ": \($0)" } ?? ""
    return Line(
      "          guard \(record.id): \(record.demand): \(record.finding)\(why)\(overridden)",
      record.finding == "holds" ? .faint : .attention)
  }

  private func line(_ fact: FactRecord) -> Line {
    let value = fact.value.map(\.description) ?? "not known: \(fact.gap ?? "")"
    return Line("          \(fact.source) \(fact.subject) \(fact.property) = \(value)", .faint)
  }
}
