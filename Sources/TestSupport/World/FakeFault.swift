/// What goes wrong with one change that an act asks of a fake world.
public enum ActFault: String, Sendable, Hashable, CaseIterable {
  /// The host can't be reached; nothing was done.
  case unreachable
  /// The host says no; nothing was done.
  case failsBefore
  /// It is done, and the host says that it failed.
  case failsAfter
  /// The host says that it is done; nothing was.
  case lies
  /// It is done, and the answer is lost.
  case answerLost
  /// Nothing is done, and no answer comes.
  case hangsBefore
  /// It is done, and no answer comes.
  case hangsAfter
  /// The host says that it is done; it is so ten seconds later.
  case comesLate
}

/// What goes wrong with one look at a fact of a fake world.
public enum ProbeFault: String, Sendable, Hashable, CaseIterable {
  /// The host can't be reached.
  case unreachable
  /// The host answers, and not with what was asked for.
  case fails
  /// No answer comes.
  case hangs
}
