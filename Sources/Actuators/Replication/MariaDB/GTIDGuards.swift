import Runbook

/// Transactions of a copy that another one lacks: it can't follow it.
struct GTIDDivergence: Sendable {
  static let code = "replication.diverged"
  /// A long list helps nobody; it is in the servers.
  private static let listed = 10

  let copy: DatabaseCopy
  let other: DatabaseCopy
  let gtids: [GTID]
  /// What the other one has.
  let history: GTIDHistory

  init(of copy: DatabaseCopy, from other: DatabaseCopy, gtids: [GTID], history: GTIDHistory) {
    self.copy = copy
    self.other = other
    self.gtids = gtids
    self.history = history
  }

  /// How many, and the last one of each server that wrote some.
  var words: String {
    let count = history.count(of: gtids)
    let shown = gtids.prefix(Self.listed).map(\.description).joined(separator: ", ")
    let more = gtids.count > Self.listed ? ", …" : ""
    return "\(count) transaction\(count == 1 ? "" : "s"), up to \(shown)\(more)"
  }

  var error: ActionError {
    ActionError(
      Self.code, "\(copy.subject) has what \(other.subject) lacks: \(words)",
      advice: "find out what these are (mariadb-binlog); 'replication.rejoin' gives them up")
  }
}

/// What a reversal by GTID demands besides.
struct GTIDGuards: Sendable {
  static let notes: [ActionSchema.Note] = [
    .init(
      nothingOfItsOwn,
      "MariaDB, graceful: the target has no transactions that the present primary lacks"),
    .init(
      keepsLog,
      "MariaDB: the target logs what it writes and what it replicates, so others can follow"
    ),
  ]
  private static let nothingOfItsOwn = "nothing-of-its-own"
  private static let keepsLog = "target-keeps-log"

  let intent: Reversal.Intent

  func make() -> [Guard] {
    let target = intent.target
    let log = Guard(Self.keepsLog, demand: "\(target.subject) logs what it replicates") {
      guard let keeps = $0[target.subject, GTIDServer.keepsLogFact]?.boolean else {
        return .unknown($0.gap(target.subject, GTIDServer.keepsLogFact) ?? "it isn't known")
      }
      return keeps ? .holds : .violated(Self.noLog(target).description)
    }
    let own = Guard(
      Self.nothingOfItsOwn, demand: "\(target.subject) has only what the present primary has"
    ) { ownTransactions($0) }
    return intent.isGraceful ? [log, own] : [log]
  }

  static func noLog(_ copy: DatabaseCopy) -> ActionError {
    ActionError(
      "replication.no_log",
      "\(copy.subject) doesn't log what it replicates: nobody could follow it as the primary",
      advice: "set log_bin and log_slave_updates there")
  }

  private func ownTransactions(_ observation: Observation) -> Guard.Finding {
    let target = intent.target
    guard let own = observation.history(of: target) else {
      return .unknown(
        observation.gap(target.subject, GTIDServer.binlogStateFact) ?? "its GTIDs are not known")
    }
    // A target that is the source itself may well have what the others haven't yet.
    guard observation.role(of: target) == .replica else { return .holds }
    for other in intent.others where observation.role(of: other) != .replica {
      guard let history = observation.history(of: other) else {
        return .unknown(
          observation.gap(other.subject, GTIDServer.binlogStateFact)
            ?? "the GTIDs of \(other.subject) are not known")
      }
      let missing = history.missing(from: own)
      guard missing.isEmpty else {
        return .violated(
          GTIDDivergence(of: target, from: other, gtids: missing, history: history).error
            .description)
      }
    }
    return .holds
  }
}
