import Foundation
import Runbook

/// A position in SQL Server's log, as the catalogue writes it: a number of up to 25 digits.
struct SQLServerLSN: Sendable, Hashable, Comparable, CustomStringConvertible {
  let description: String

  /// Nil when it isn't one.
  init?(_ value: Value?) {
    guard let text = value?.description, !text.isEmpty,
      text.allSatisfy({ "0123456789".contains($0) })
    else { return nil }
    let digits = text.drop { $0 == "0" }
    description = digits.isEmpty ? "0" : String(digits)
  }

  static func < (left: Self, right: Self) -> Bool {
    let (own, other) = (left.description, right.description)
    return own.count == other.count ? own < other : own.count < other.count
  }
}

/// What `sys.database_mirroring` says of a copy.
struct MirroringState: Sendable {
  static let stateFact = "mirroring_state"
  static let safetyFact = "mirroring_safety"
  static let partnershipFact = "mirroring_guid"
  static let endOfLogFact = "mirroring_end_of_log_lsn"
  static let failoverFact = "mirroring_failover_lsn"

  static let details: [ActionSchema.Note] = [
    .init(
      stateFact,
      "of each mirrored copy: SYNCHRONIZED, SYNCHRONIZING, SUSPENDED, DISCONNECTED or PENDING_FAILOVER",
      motion: .moves),
    .init(safetyFact, "of each mirrored copy: FULL (synchronous) or OFF"),
    .init(partnershipFact, "of each mirrored copy: the same in both partners"),
    .init("mirroring_partner", "of each mirrored copy: the other instance"),
    .init(
      failoverFact, "of each mirrored copy: up to there the log is at both partners",
      motion: .moves),
    .init(endOfLogFact, "of each mirrored copy: the end of its own log", motion: .moves),
    .init(databaseStateFact, "of each copy in SQL Server: ONLINE, RESTORING, …"),
  ]
  static let databaseStateFact = "database_state"

  let database: SQLServerDatabase
  let partnership: String
  let isPrincipal: Bool
  let state: String
  let safety: String
  let sequence: Int
  let partner: String
  let failoverLSN: SQLServerLSN?
  let endOfLog: SQLServerLSN?
  /// When it was asked, by its own clock.
  let now: Date
  /// For how long it doesn't notice that its partner is gone.
  let patience: Int

  private static let moving: Set<String> = ["SYNCHRONIZED", "SYNCHRONIZING", "PENDING_FAILOVER"]

  var isReceiving: Bool { !isPrincipal && Self.moving.contains(state) }
  /// A principal that takes changes.
  var isServing: Bool { isPrincipal && database.isOnline && database.isUpdateable }
  var words: String {
    "\(database.copy.subject) is \(isPrincipal ? "PRINCIPAL" : "MIRROR"), \(state), \(database.state)"
  }

  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> MirroringState {
    let database = try SQLServerDatabase.read(reader, of: copy)
    let rows = try reader.query(
      """
      SELECT m.mirroring_guid AS partnership, m.mirroring_role_desc AS role, \
      m.mirroring_state_desc AS state, m.mirroring_safety_level_desc AS safety, \
      m.mirroring_role_sequence AS sequence, m.mirroring_partner_instance AS partner, \
      m.mirroring_failover_lsn AS failover_lsn, m.mirroring_end_of_log_lsn AS end_of_log, \
      m.mirroring_connection_timeout AS patience, \
      SYSUTCDATETIME() AS now, IS_SRVROLEMEMBER('sysadmin') AS is_sysadmin, \
      HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS may_see_state \
      FROM sys.databases d JOIN sys.database_mirroring m ON m.database_id = d.database_id \
      WHERE d.name = \(copy.server?.database ?? "")
      """)
    guard let row = rows.first else { throw database.untold("no row in sys.database_mirroring") }
    guard let role = row["role"]?.string else { throw unseen(row, database) }
    guard let partnership = row["partnership"]?.string, let state = row["state"]?.string,
      let safety = row["safety"]?.string, let sequence = row["sequence"]?.integer,
      let patience = row["patience"]?.integer, let now = SQLServerDatabase.date(row["now"])
    else { throw database.untold("half a row in sys.database_mirroring") }
    return MirroringState(
      database: database, partnership: partnership, isPrincipal: role == "PRINCIPAL", state: state,
      safety: safety, sequence: sequence, partner: row["partner"]?.string ?? "",
      failoverLSN: SQLServerLSN(row["failover_lsn"]), endOfLog: SQLServerLSN(row["end_of_log"]),
      now: now, patience: patience)
  }

  /// NULL means "not mirrored" only to somebody who may see it: of a mirror nobody may but sysadmin.
  private static func unseen(_ row: SQLRow, _ database: SQLServerDatabase) -> ActionError {
    let maySee =
      row["is_sysadmin"] == 1 || database.isOnline && row["may_see_state"] == 1
    let subject = database.copy.subject
    guard maySee else {
      return ActionError(
        "replication.no_permission",
        "\(subject): the account may not see whether the database is mirrored, and as what",
        advice: "grant it VIEW SERVER STATE; of a mirror SQL Server tells members of sysadmin alone"
      )
    }
    return ActionError(
      "replication.not_configured", "\(subject) is not mirrored, and is \(database.state)",
      advice: "see sys.database_mirroring at both servers, and 'replication' in the inventory")
  }

  /// An LSN is larger than a position may be: it is told among the facts.
  func copyState() -> CopyState {
    CopyState(
      role: isPrincipal ? (isServing ? .primary : .draining) : .replica, epoch: sequence,
      asOf: asOf, isDrained: false,
      isWritable: isServing, isStreaming: isReceiving,
      unreadable: isPrincipal
        ? database.unreadable
        : "\(database.copy.subject) is the mirror, which nobody can open", details: facts)
  }

  /// While synchronized in full safety each commit waits for the mirror, which may have lost its partner as long ago as it
  /// takes to notice. At any other time nothing says how old it is.
  private var asOf: String? {
    if isServing { return Timestamp.text(now) }
    guard !isPrincipal, state == "SYNCHRONIZED", safety == "FULL" else { return nil }
    return Timestamp.text(now.addingTimeInterval(-Double(patience)))
  }

  private var facts: [String: Value] {
    [
      Self.stateFact: .string(state), Self.safetyFact: .string(safety),
      Self.partnershipFact: .string(partnership), "mirroring_partner": .string(partner),
      Self.failoverFact: failoverLSN.map { .string($0.description) } ?? .null,
      Self.endOfLogFact: endOfLog.map { .string($0.description) } ?? .null,
      Self.databaseStateFact: .string(database.state),
    ]
  }
}
