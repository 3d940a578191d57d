/// Which steps come before which.
///
/// Steps run in written order: a step without `depends` waits for all that are written before it.
/// One with `depends` waits for those it names.
struct StepOrder {
  /// By index: the ids that the step waits for directly, fewest that say it all.
  private(set) var depends: [[String]] = []
  /// By index: the places of all steps that are certain to be done before, as bits.
  private var done: [[UInt64]] = []
  private var places: [String: Int] = [:]

  init(_ steps: [StepDocument], diagnostics: DiagnosticCollector) {
    let ids = steps.map { $0.id?.text ?? "" }
    let allIDs = Set(ids)
    // After the recent steps that no other follows, all are done.
    var recent: [String] = []
    var followed: Set<String> = []
    for (place, step) in steps.enumerated() {
      let direct =
        step.depends.map { check($0, of: ids[place], among: allIDs, diagnostics: diagnostics) }
        ?? recent.filter { !followed.contains($0) }
      depends.append(direct)
      done.append(union(of: direct, steps.count))
      if step.depends == nil { recent = [] }
      followed.formUnion(direct)
      guard !ids[place].isEmpty, places[ids[place]] == nil else { continue }
      places[ids[place]] = place
      recent.append(ids[place])
    }
  }

  /// Whether the step `id` is certain to be done before the step at `place` starts.
  func isDone(_ id: String, before place: Int) -> Bool {
    guard let other = places[id], other < place else { return false }
    return done[place][other / 64] & (1 << (other % 64)) != 0
  }

  private func union(of direct: [String], _ count: Int) -> [UInt64] {
    var bits = [UInt64](repeating: 0, count: (count + 63) / 64)
    for place in direct.compactMap({ places[$0] }) {
      let bit: UInt64 = 1 << (place % 64)
      // What is done already brings nothing new.
      guard bits[place / 64] & bit == 0 else { continue }
      for index in bits.indices { bits[index] |= done[place][index] }
      bits[place / 64] |= bit
    }
    return bits
  }

  private func check(
    _ depends: [LocatedText], of id: String, among ids: Set<String>,
    diagnostics: DiagnosticCollector
  ) -> [String] {
    depends.compactMap { dependency in
      if places[dependency.text] != nil { return dependency.text }
      if dependency.text == id {
        diagnostics.error(
          .notEarlier, at: dependency.position, "a step can't wait for itself",
          hint: "name a step that is written before it")
      } else if ids.contains(dependency.text) {
        diagnostics.error(
          .notEarlier, at: dependency.position,
          "\(Quoted.text(dependency.text)) comes later, so this step can't wait for it",
          hint: "move it up: dependencies are written before what depends on them")
      } else {
        diagnostics.error(
          .unknownName, at: dependency.position, "there is no step \(Quoted.text(dependency.text))",
          hint: NearestWord.hint(
            for: dependency.text, in: places.keys.sorted(), called: "steps before this one"))
      }
      return nil
    }
  }
}
