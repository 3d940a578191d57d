import Journal

extension SavedPlanRecord {
  /// By which rehearsal's plan an execution goes, and what it found otherwise.
  var lines: [Line] {
    [
      Line(
        "by the plan of rehearsal \(rehearsal) (\(digest.prefix(19))): \(compared) facts compared, "
          + "\(drift.isEmpty ? "none differs" : "\(drift.count) differ")", .faint)
    ]
      + drift.map {
        Line(
          $0.accepted ? "  ! accepted: \($0.spoken)" : "  ✗ \($0.spoken)",
          $0.accepted ? .attention : .bad)
      }
  }
}
