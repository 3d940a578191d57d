import Runbook

/// The role of a copy, as facts spell it.
enum CopyRole: String, Sendable {
  /// Takes changes.
  case primary
  /// Still the source, but read-only: its last changes are on their way.
  case draining
  case replica
  /// Its server doesn't run: it takes no changes until somebody starts it.
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
  /// What this kind says besides, by the name of the fact.
  var details: [String: Value] = [:]
}
