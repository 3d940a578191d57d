import Foundation
import Runbook

/// What the server's words mean, as facts.
extension GTIDServer {
  static let readOnlyFact = "read_only"
  static let binlogStateFact = "gtid_binlog_state"
  static let replicatedFact = "gtid_slave_pos"
  static let keepsLogFact = "keeps_replicated_log"
  static let applyErrorFact = "apply_error"
  static let semiSyncSourceFact = "semi_sync_source"
  static let semiSyncReplicaFact = "semi_sync_replica"

  static let details: [ActionSchema.Note] = [
    .init(readOnlyFact, "of each copy: whether the server refuses changes by ordinary accounts"),
    .init("server_id", "of each copy"),
    .init(
      binlogStateFact, "of each copy: the last transaction of each server in its binary log",
      motion: .moves),
    .init(
      "gtid_binlog_pos", "of each copy: the last transaction in its binary log", motion: .moves),
    .init(
      replicatedFact, "of each copy: the last transaction that it got as a replica", motion: .moves),
    .init(
      "gtid_current_pos", "of each copy: the last transaction, written or replicated",
      motion: .moves),
    .init("gtid_received", "of each replica: what it has received, applied or not", motion: .moves),
    .init("gtid_strict_mode", "of each copy"),
    .init(keepsLogFact, "of each copy: logs what it writes and what it replicates"),
    .init(semiSyncSourceFact, "of each copy: waits for a replica before it acknowledges a commit"),
    .init(semiSyncReplicaFact, "of each copy: acknowledges to such a source what it receives"),
    .init("receiving", "of each replica: its receiver runs (Slave_IO_Running)"),
    .init("applying", "of each replica: its applier runs (Slave_SQL_Running)"),
    .init("using_gtid", "of each replica: slave_pos where it follows by GTID"),
    .init(
      "behind_seconds", "of each replica: how far applying is behind receiving", motion: .moves),
    .init("receive_error", "of each replica: the receiver's last error", motion: .moves),
    .init(applyErrorFact, "of each replica: the applier's last error"),
  ]

  func state(of copy: DatabaseCopy) throws -> CopyState {
    let role = try role(of: copy)
    return CopyState(
      role: role, position: currentPosition.sequence, asOf: asOf, isDrained: role == .draining,
      isWritable: !isReadOnly, isStreaming: source?.isRunning ?? false,
      source: source.flatMap { $0.isRunning ? $0.address : nil }, details: facts)
  }

  private func role(of copy: DatabaseCopy) throws -> CopyRole {
    switch (source != nil, isReadOnly) {
    case (false, false): .primary
    case (false, true): .draining
    case (true, true): .replica
    case (true, false):
      throw ActionError(
        "replication.writable_replica",
        "\(copy.subject) is set up as a replica and takes changes: read_only is off",
        advice: "if it is a replica, SET GLOBAL read_only=1 there; if it is the primary, "
          + "STOP SLAVE and RESET SLAVE ALL")
    }
  }

  /// Of a source: now. Of a replica whose threads run: the primary's time of the last transaction that it applied, which is
  /// told to the second; where it has applied all that it received, the time from which on a silent primary could have
  /// gone unnoticed (`slave_net_timeout`). Both by the replica's clock. Where a thread stands still only the log knows, see
  /// `GTIDLog`.
  private var asOf: String? {
    guard let source else { return Timestamp.text(now) }
    guard source.isRunning, let behind = source.behindSeconds else { return nil }
    let seconds = behind > 0 ? behind + 1 : silenceSeconds
    return Timestamp.text(now.addingTimeInterval(-Double(seconds)))
  }

  private var facts: [String: Value] {
    var facts: [String: Value] = [
      Self.readOnlyFact: .boolean(isReadOnly),
      "server_id": .integer(id),
      Self.binlogStateFact: .string(history.state.description),
      "gtid_binlog_pos": .string(binlogPosition.description),
      Self.replicatedFact: .string(history.replicated.description),
      "gtid_current_pos": .string(currentPosition.description),
      "gtid_strict_mode": .boolean(isStrict),
      Self.keepsLogFact: .boolean(keepsLog),
      Self.semiSyncSourceFact: .boolean(isSemiSyncSource),
      Self.semiSyncReplicaFact: .boolean(isSemiSyncReplica),
    ]
    if let source {
      facts["gtid_received"] = .string(source.received.description)
      facts["receiving"] = .boolean(source.receives)
      facts["applying"] = .boolean(source.applies)
      facts["using_gtid"] = .string(source.usesGTID.lowercased())
      facts["behind_seconds"] = source.behindSeconds.map(Value.integer) ?? .null
      facts["receive_error"] = .string(source.receiveError)
      facts[Self.applyErrorFact] = .string(source.applyError)
    }
    return facts
  }
}

extension Observation {
  /// What a copy has of the world's transactions, as it was observed; nil when that isn't known.
  func history(of copy: DatabaseCopy) -> GTIDHistory? {
    guard
      let state = self[copy.subject, GTIDServer.binlogStateFact]?.string.flatMap({ GTIDList($0) }),
      let replicated = self[copy.subject, GTIDServer.replicatedFact]?.string
        .flatMap({ GTIDList($0) })
    else { return nil }
    return GTIDHistory(state: state, replicated: replicated)
  }
}
