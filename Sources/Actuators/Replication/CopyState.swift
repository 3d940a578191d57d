import Runbook

/// The role of a copy, as facts spell it.
enum CopyRole: String, Sendable {
  /// Takes changes.
  case primary
  /// Still the source, but read-only: its last changes are on their way.
  case draining
  case replica
  /// Its server doesn't run: it takes no changes until somebody starts it. `isDrained` when it was stopped in good order
  /// as a primary, so that it can be the source of a graceful reversal.
  case stopped
  /// The file is gone or is no intact database: it can't take changes, and has none to give.
  case lost
}

/// How far a copy is, in the terms that all kinds of replication share. What a kind doesn't know stays nil.
struct CopyState: Sendable, Equatable {
  let role: CopyRole
  /// Rises with each promotion; two copies with one epoch have one history.
  var epoch: Int?
  /// How far it has come in the primary's log; rises within an epoch.
  var position: Int?
  /// RFC 3339: everything that the primary had committed until then is in the copy.
  var asOf: String?
  /// A source that takes no changes any more, and whose last ones have been shipped.
  var isDrained: Bool?
  /// Takes changes now: neither a replica nor set to read-only.
  var isWritable: Bool?
  /// A replica that receives from `source` at this moment.
  var isStreaming: Bool?
  /// A primary whose log goes on to others, where that can be switched off.
  var isShipping: Bool?
  /// Where a streaming replica receives from, as `address:port`.
  var source: String?
  /// Two copies of one line have one; what differs in it was never one database.
  var lineage: String?
  /// Replication slots that hold the log for nobody who is connected.
  var idleSlots: [String]?
  /// Why nothing in the copy can be read, although its server says what it is; nil: it can be.
  var unreadable: String?
  /// What this kind says besides, by the name of the fact.
  var details: [String: Value] = [:]
}
