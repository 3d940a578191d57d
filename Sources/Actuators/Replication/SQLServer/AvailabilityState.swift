import Foundation
import Runbook

/// What an instance says of its own replica of the availability group that holds a copy.
struct AvailabilityState: Sendable {
  static let roleFact = "replica_role"
  static let modeFact = "availability_mode"
  static let readyFact = "failover_ready"
  static let suspendedFact = "data_movement_suspended"

  static let details: [ActionSchema.Note] = [
    .init("availability_group", "of each copy in one: its name"),
    .init(
      roleFact,
      "of each copy in an availability group: PRIMARY, SECONDARY, or RESOLVING, when the cluster hasn't decided or has no quorum",
      motion: .moves),
    .init(
      modeFact, "of each copy in an availability group: SYNCHRONOUS_COMMIT or ASYNCHRONOUS_COMMIT"),
    .init(
      readyFact,
      "of each copy in an availability group: whether every database of the group can fail over to there without loss",
      motion: .moves),
    .init("synchronization_state", "of each copy in an availability group", motion: .moves),
    .init(suspendedFact, "of each copy in an availability group: it doesn't get the primary's log"),
    .init("end_of_log_lsn", "of each copy in an availability group", motion: .moves),
  ]

  let database: SQLServerDatabase
  let group: String
  let role: String
  let mode: String
  /// Databases of the group that can't fail over to this replica without loss.
  let unready: [String]
  let synchronization: String
  let isSuspended: Bool
  let endOfLog: String
  /// By the server's clock, as the next.
  let lastCommit: Date?
  let now: Date
  /// For how long it doesn't notice that the primary is gone.
  let patience: Int
  /// Whether anybody may read a secondary, also who doesn't say that they only read.
  let isReadable: Bool

  var isServing: Bool { role == "PRIMARY" && database.isOnline && database.isUpdateable }
  var isReceiving: Bool {
    role == "SECONDARY" && !isSuspended
      && ["SYNCHRONIZED", "SYNCHRONIZING"].contains(synchronization)
  }
  var words: String {
    "\(database.copy.subject) is \(role), \(synchronization)\(isSuspended ? ", suspended" : ""), \(database.state)"
  }

  /// The account needs VIEW SERVER STATE, without which the server refuses, and VIEW ANY DEFINITION, without which the group has
  /// no name here.
  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> AvailabilityState {
    let database = try SQLServerDatabase.read(reader, of: copy)
    let rows = try reader.query(
      """
      SELECT c.database_name AS name, r.group_id AS group_id, g.name AS group_name, r.role_desc AS role, \
      a.availability_mode_desc AS mode, a.secondary_role_allow_connections_desc AS readable, \
      a.session_timeout AS patience, \
      c.is_failover_ready AS ready, c.is_database_joined AS joined, \
      s.synchronization_state_desc AS synchronization, s.is_suspended AS suspended, \
      s.end_of_log_lsn AS end_of_log, s.last_commit_time AS last_commit, \
      DATEDIFF(second, GETDATE(), GETUTCDATE()) AS to_utc, SYSUTCDATETIME() AS now \
      FROM sys.dm_hadr_database_replica_cluster_states c \
      JOIN sys.dm_hadr_availability_replica_states r ON r.replica_id = c.replica_id \
      LEFT JOIN sys.dm_hadr_database_replica_states s \
      ON s.replica_id = c.replica_id AND s.group_database_id = c.group_database_id \
      LEFT JOIN sys.availability_groups g ON g.group_id = r.group_id \
      LEFT JOIN sys.availability_replicas a ON a.replica_id = r.replica_id \
      WHERE r.is_local = 1
      """)
    let name = copy.failoverTable.database
    guard let row = rows.first(where: { $0["name"]?.string?.lowercased() == name.lowercased() })
    else {
      throw ActionError(
        "replication.not_configured",
        "\(copy.subject) is in no availability group of its server, and is \(database.state)",
        advice: "see sys.availability_groups at both servers, and 'replication' in the inventory")
    }
    return try AvailabilityState(
      row, among: rows.filter { $0["group_id"] == row["group_id"] }, of: database)
  }

  private init(_ row: SQLRow, among rows: [SQLRow], of database: SQLServerDatabase) throws {
    guard let group = row["group_name"]?.string, let mode = row["mode"]?.string else {
      throw ActionError(
        "replication.no_permission",
        "\(database.copy.subject): the account may not see the availability group's name and settings",
        advice: "grant it VIEW ANY DEFINITION")
    }
    guard let role = row["role"]?.string, let now = SQLServerDatabase.date(row["now"]) else {
      throw database.untold("no role in sys.dm_hadr_availability_replica_states")
    }
    self.database = database
    self.group = group
    self.role = role
    self.mode = mode
    self.now = now
    patience = row["patience"]?.integer ?? 0
    unready = rows.filter { !Self.isSet($0["ready"]) || !Self.isSet($0["joined"]) }
      .compactMap { $0["name"]?.string }
    synchronization = row["synchronization"]?.string ?? "NOT SYNCHRONIZING"
    isSuspended = Self.isSet(row["suspended"])
    endOfLog = row["end_of_log"].map { $0 == .null ? "" : $0.description } ?? ""
    let toUTC = row["to_utc"]?.integer ?? 0
    lastCommit = SQLServerDatabase.date(row["last_commit"])?.addingTimeInterval(Double(toUTC))
    isReadable = row["readable"] == "ALL"
  }

  private static func isSet(_ value: Value?) -> Bool { value == .boolean(true) || value == 1 }

  /// A replica that is RESOLVING takes no changes, and lets nobody read: for whom it isn't settled, what it will be is the
  /// cluster's to say.
  func copyState() -> CopyState {
    CopyState(
      role: role == "PRIMARY" ? (isServing ? .primary : .draining) : .replica, asOf: asOf,
      isDrained: false, isWritable: isServing, isStreaming: isReceiving, unreadable: unreadable,
      details: facts)
  }

  private var unreadable: String? {
    let subject = database.copy.subject
    return switch role {
    case "PRIMARY": database.unreadable
    case "SECONDARY" where isReadable: database.unreadable
    case "SECONDARY": "\(subject) is a secondary replica that doesn't let everybody read"
    default: "\(subject) is neither primary nor secondary now (\(role))"
    }
  }

  /// A synchronized replica has every commit, but for those of a primary that it doesn't know yet to have lost; any other one
  /// has those up to the last that it knows.
  private var asOf: String? {
    if isServing { return Timestamp.text(now) }
    guard role == "SECONDARY", synchronization == "SYNCHRONIZED" else {
      return lastCommit.map(Timestamp.text)
    }
    return Timestamp.text(now.addingTimeInterval(-Double(patience)))
  }

  private var facts: [String: Value] {
    [
      "availability_group": .string(group), Self.roleFact: .string(role),
      Self.modeFact: .string(mode), Self.readyFact: .boolean(unready.isEmpty),
      "synchronization_state": .string(synchronization), Self.suspendedFact: .boolean(isSuspended),
      "end_of_log_lsn": .string(endOfLog),
      MirroringState.databaseStateFact: .string(database.state),
    ]
  }
}
