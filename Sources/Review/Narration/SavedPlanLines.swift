import Journal

extension SavedPlanRecord {
  /// By which rehearsal's plan an execution goes, and what it found otherwise. What it was refused for is told at its end.
  var lines: [Line] {
    let accepted = drift.filter(\.accepted)
    return [
      Line(
        "by the plan of rehearsal \(rehearsal) (\(digest.prefix(19))): \(compared) facts compared, "
          + "\(drift.isEmpty ? "none differs" : "\(drift.count) differ")", .faint)
    ]
      + accepted.map { Line("! accepted: \($0.spoken)", .attention) }
  }
}
