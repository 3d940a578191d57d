import ODBC

/// What SQL Server's error numbers mean for a reversal of roles, and what to do next.
///
/// The numbers and their texts: https://learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors
struct SQLServerErrors {
  struct Meaning: Sendable, Hashable {
    let meaning: String
    let advice: String
    /// Where whoever sent the statement can go on in another way: the error's code, by which they know it.
    var code: String?
  }

  /// Under way, or done: what is left is to look.
  static let failoverUnderWay = "database.failover_under_way"
  static let truncationRefused = "database.truncation_refused"
  static let databaseInUse = "database.in_use"
  static let logAppliedAlready = "database.log_applied_already"

  static func meaning(of error: ODBCError) -> Meaning? {
    error.server == .sqlServer ? meaning(of: error.diagnostics.map(\.nativeError)) : nil
  }

  /// The first of these numbers that is known: BACKUP and RESTORE tell the reason first, and then that they end.
  static func meaning(of numbers: [Int]) -> Meaning? {
    numbers.lazy.compactMap { known[$0] }.first
  }

  static let known: [Int: Meaning] =
    availabilityGroups
    .merging(mirroring) { first, _ in first }
    .merging(databases) { first, _ in first }
    .merging(logs) { first, _ in first }
    .merging(tables) { first, _ in first }
    .merging(principals) { first, _ in first }

  private static let availabilityGroups: [Int: Meaning] = [
    41113: .init(
      meaning: "a failover to this replica is under way already",
      advice: "wait until its role shows as PRIMARY; send no second command",
      code: failoverUnderWay),
    41122: .init(
      meaning: "this replica is the primary already",
      advice:
        "nothing is to be done here; if it should not be, send the command to the replica that should",
      code: failoverUnderWay),
    41131: .init(
      meaning:
        "bringing the group online took too long; the server says so as a mere message, and the failover may still succeed or fail",
      advice:
        "look at the replica's role until it settles, and at the cluster's state if it doesn't"),
    41140: .init(
      meaning: "the command belongs on the primary replica, and this one isn't it",
      advice: "find the primary in sys.dm_hadr_availability_replica_states, and send it there"),
    41142: .init(
      meaning: "a database of the group isn't synchronized here, or hasn't joined",
      advice:
        "see is_failover_ready and is_database_joined in sys.dm_hadr_database_replica_cluster_states; without the primary only a forced failover is left, which may lose data"
    ),
    41144: .init(
      meaning: "this replica has failed: it can't read or write its configuration",
      advice: "restart the cluster service or the SQL Server instance on its host"),
    41146: .init(
      meaning: "the cluster gives no answer on this host, or has no quorum",
      advice: "see to it that the cluster service runs and the cluster has a quorum, then try again"
    ),
  ]

  private static let mirroring: [Int: Meaning] = [
    1416: .init(
      meaning: "the database isn't mirrored on this server",
      advice: "see sys.database_mirroring on both servers, as a login that may see it"),
    1422: .init(
      meaning: "the mirror hasn't caught up, so that a failover without loss isn't possible yet",
      advice: "wait until mirroring_state is 4 (SYNCHRONIZED)"),
    1447: .init(
      meaning: "the partners aren't connected",
      advice:
        "start the partner or mend the connection; if the principal is lost, force the service on the mirror, which may lose data"
    ),
    1455: .init(
      meaning:
        "the service can't be forced on this copy: it is the principal, or its principal is still connected",
      advice:
        "with a living principal do a planned failover there; else see mirroring_state on the mirror"
    ),
    1456: .init(
      meaning: "the partner couldn't be told; nothing was changed",
      advice: "see whether the partner runs and the endpoints are connected, then try again"),
    1470: .init(
      meaning: "the command belongs on the principal, and this copy isn't it",
      advice: "find the principal by mirroring_role in sys.database_mirroring, and send it there"),
    1477: .init(
      meaning:
        "mirroring is asynchronous (safety OFF), so that only a forced service could change roles",
      advice: "on the principal SET PARTNER SAFETY FULL, wait for SYNCHRONIZED, then try again"),
  ]

  private static let databases: [Int: Meaning] = [
    911: .init(
      meaning: "the server has no database of that name",
      advice: "see 'database' in the inventory, and the databases of that server"),
    916: .init(
      meaning: "the login has no user in the database",
      advice: "create the user for the login there, on the primary"),
    921: .init(
      meaning: "the database hasn't been recovered yet", advice: "wait until its state is ONLINE"),
    922: .init(
      meaning: "the database is being recovered", advice: "wait until its state is ONLINE"),
    927: .init(
      meaning:
        "the database is RESTORING: a copy that takes logs, or the old primary after its tail was taken",
      advice: "if it shall be the primary, restore the remaining logs and then WITH RECOVERY"),
    942: .init(
      meaning: "the database is OFFLINE", advice: "find out who took it offline, then SET ONLINE"),
    954: .init(
      meaning: "the database is the mirror, which nobody can open",
      advice: "ask the principal; after a failover look again"),
    955: .init(
      meaning: "the mirrored database has no quorum: neither partner nor witness answers",
      advice: "see the connections between partner and witness"),
    956: .init(
      meaning: "the mirrored database hasn't synchronized with its partner yet",
      advice: "wait until mirroring_state is 4 (SYNCHRONIZED)"),
    976: .init(
      meaning: "the database is on a secondary replica that doesn't let anybody read",
      advice: "ask the primary replica, or allow reading on the secondary"),
    983: .init(
      meaning: "the replica is neither primary nor secondary just now (RESOLVING)",
      advice: "look at its role until it settles; if it doesn't, see the cluster's state"),
    4060: .init(
      meaning:
        "the login can't open the database: it isn't there, isn't available, or knows no such user",
      advice: "see the database's state on that server, and whether the login has a user in it"),
    226: .init(
      meaning: "the statement doesn't run in a transaction",
      advice: "send it by itself; an account that only looks can't send it at all"),
    1222: .init(
      meaning: "somebody else holds a lock for too long",
      advice: "see who does in sys.dm_exec_sessions, then try again"),
  ]

  private static let logs: [Int: Meaning] = [
    3101: .init(
      meaning: "somebody is using the database", advice: "end their sessions, then try again",
      code: databaseInUse),
    3201: .init(
      meaning: "the server can't open the backup file",
      advice: "see the path and the permissions of the SQL Server service's own account"),
    4305: .init(
      meaning: "the log is too recent: one before it is missing",
      advice: "copy and restore the log that holds the LSN in the message first"),
    4312: .init(
      meaning: "the chain of logs has a gap", advice: "start again from a more recent full backup"),
    4326: .init(
      meaning: "the log has been applied already", advice: "skip it, and go on with the next one",
      code: logAppliedAlready),
    4330: .init(
      meaning: "the log is of another recovery path: the two copies have gone different ways",
      advice: "the copy must be made anew from a full backup of the primary"),
  ]

  private static let tables: [Int: Meaning] = [
    229: .init(
      meaning: "the account may not do that",
      advice: "grant it, or see which account the inventory names"),
    297: .init(
      meaning: "the account may not see the server's state", advice: "GRANT VIEW SERVER STATE to it"
    ),
    300: .init(
      meaning: "the account may not see the server's state", advice: "GRANT VIEW SERVER STATE to it"
    ),
    3729: .init(
      meaning: "the table can't be truncated: a view with an index stands on it",
      advice: "its rows are removed by DELETE", code: truncationRefused),
    4701: .init(
      meaning: "there is no such table, or the account may not alter it",
      advice: "see the table's name, and GRANT ALTER on it", code: truncationRefused),
    4711: .init(
      meaning: "the table can't be truncated: it is published or watched for changes",
      advice: "its rows are removed by DELETE", code: truncationRefused),
    4712: .init(
      meaning: "the table can't be truncated: a foreign key refers to it",
      advice: "its rows are removed by DELETE", code: truncationRefused),
    13545: .init(
      meaning: "the table can't be truncated: it keeps its history (temporal)",
      advice: "its rows are removed by DELETE", code: truncationRefused),
  ]

  private static let principals: [Int: Meaning] = [
    15007: .init(
      meaning: "the server has no such login", advice: "create it: logins aren't replicated"),
    15023: .init(
      meaning: "the database has a user, group or role of that name already",
      advice: "see whose it is by its SID in sys.database_principals"),
    15025: .init(
      meaning: "the server has that login already", advice: "nothing is to be done"),
    15063: .init(
      meaning: "the login has a user in the database already, under another name",
      advice: "give the role to that user: find it by the login's SID"),
    15002: .init(
      meaning: "the old procedure can't run within a transaction",
      advice: "send it by itself, or use the modern statement"),
    15151: .init(
      meaning: "what the statement names isn't there, or the account may not change it",
      advice: "see the spelling, and the account's permissions"),
    15401: .init(
      meaning: "Windows knows no such account",
      advice: "see the account's spelling, DOMAIN\\NAME, and that the server reaches its domain"),
    18456: .init(
      meaning: "the server doesn't accept user and password",
      advice: "see the server's error log: the state there says why"),
  ]
}
