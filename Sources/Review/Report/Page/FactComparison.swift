import Journal

/// Facts side by side: what was seen before acting, what was predicted, what was seen afterwards. Why something isn't known is
/// told once, beneath.
struct FactComparison {
  private struct Key: Hashable {
    let subject: String
    let property: String
  }

  private let columns: [(title: String, facts: [FactRecord])]

  init(columns: [(String, [FactRecord])]) { self.columns = columns }

  init(of step: StepReport) {
    if let rehearsed = step.rehearsed {
      self.init(columns: [
        ("Seen, or as earlier steps would leave it", rehearsed.observation),
        ("Would be", rehearsed.predicted ?? []),
      ])
      return
    }
    var columns: [(String, [FactRecord])] = []
    if let attempt = step.attempts.last {
      columns.append(("Before", attempt.before))
      columns.append(("Predicted", attempt.predicted ?? []))
    }
    if let end = step.ends.last {
      columns.append((step.attempts.isEmpty ? "Seen" : "After", end.after))
    }
    self.init(columns: columns)
  }

  var html: HTML {
    let columns = columns.filter { !$0.facts.isEmpty }
    guard !columns.isEmpty else { return .nothing }
    var notes: [String] = []
    let rows = keys.map { key in
      [.text(key.subject), .text(key.property)]
        + columns.indices.map { index in
          cell(key, columns[index].facts, changedFrom: index == 0 ? nil : columns[0].facts, &notes)
        }
    }
    return tag("details") {
      tag("summary") { "What was seen: \(rows.count) facts" }
      Said.table(["Of", "What"] + columns.map(\.title), class: "facts", rows: rows)
      if !notes.isEmpty {
        tag("ol", ["class": "notes"]) { for note in notes { tag("li") { note } } }
      }
    }
  }

  /// In the order in which they were stated.
  private var keys: [Key] {
    var seen: Set<Key> = []
    return columns.flatMap(\.facts).map { Key(subject: $0.subject, property: $0.property) }
      .filter { seen.insert($0).inserted }
  }

  private func cell(
    _ key: Key, _ facts: [FactRecord], changedFrom before: [FactRecord]?, _ notes: inout [String]
  ) -> HTML {
    guard let fact = fact(key, facts) else { return "–" }
    guard let value = fact.value else {
      let why = fact.gap ?? "no reason is written"
      if !notes.contains(why) { notes.append(why) }
      let number = (notes.firstIndex(of: why) ?? 0) + 1
      return tag("span", ["class": "gap"]) {
        fact.unreachable == true ? "could not be asked [\(number)]" : "not known [\(number)]"
      }
    }
    let isChanged = before.flatMap { self.fact(key, $0) }.map { $0.value != value } ?? false
    return .group([
      tag("span", ["class": isChanged ? "changed" : ""]) { Said.value(value) },
      fact.source == "attested" ? .group([" ", Said.chip("vouched for", .care)]) : .nothing,
    ])
  }

  private func fact(_ key: Key, _ facts: [FactRecord]) -> FactRecord? {
    facts.first { $0.subject == key.subject && $0.property == key.property }
  }
}
