import Journal

extension ProofRecord {
  /// What was proved before the run, and what it was executed in spite of.
  var lines: [Line] {
    switch verdict {
    case .holds: [Line("proof: holds, \(states) states explored", .faint)]
    case .incomplete:
      [
        Line(
          "! proof: nothing was found in \(states) states, and not everything was explored",
          .attention)
      ]
    case .leftOut: [Line("! proof: left out", .attention)]
    case .broken:
      broken.map { Line("✗ proof: \($0.message) (\($0.code))", .bad) }
        + (overrideReason.map { [Line("! executed all the same: \($0)", .attention)] } ?? [])
    }
  }
}
