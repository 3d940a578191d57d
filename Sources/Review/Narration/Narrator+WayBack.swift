public import Journal

extension Narrator {
  /// Begins to tell a run that is resumed: what these entries said is known, and not told again.
  public init(resuming entries: [Entry]) throws {
    self.init()
    if let first = entries.first { _ = try lines(for: first) }
    for entry in entries where entry.kind == StepIntent.kind {
      _ = tellEndOfWayBack(at: entry.step ?? "")
    }
  }

  /// Until when the run can be aborted, for the line that is redrawn; nil when nothing is to be undone.
  public var abortIsFree: String? { wayBack.short(of: parts.count) }

  /// A step is about to act: said once, where the way back ends with it.
  mutating func tellEndOfWayBack(at step: String) -> [Line] {
    let id = places[step].map { parts[$0].id } ?? step
    guard wayBack.act(id) else { return [] }
    return [Line("      ! \(id) can't be undone: from here on abort is over", .attention)]
  }
}
