import Runbook

extension Reading {
  /// What a failed look leaves: a gap, with the words of the error. Rethrows what is no error of the target's.
  init(gapFrom error: any Error) throws {
    guard let error = error as? ActionError else { throw error }
    switch error.kind {
    case .unreachable: self = .unreachable(error.description)
    case .failed, .inDoubt: self = .unknown(error.description)
    }
  }
}

extension Observation {
  /// Why one of `keys` has no value; nil when all have.
  func firstGap(_ keys: some Sequence<FactKey>) -> String? {
    for key in keys {
      if let gap = gap(key.subject, key.property) { return gap }
    }
    return nil
  }

  /// The fact was asked for, and its target couldn't be reached.
  func isUnreachable(_ subject: String, _ property: String) -> Bool {
    if case .unreachable = self[FactKey(subject, property)]?.reading { true } else { false }
  }
}
