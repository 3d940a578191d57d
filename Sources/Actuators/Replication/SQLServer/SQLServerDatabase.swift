import Runbook

import struct Foundation.Date

/// A database as `sys.databases` shows it, which any login may read of any database, open or not.
struct SQLServerDatabase: Sendable {
  let copy: DatabaseCopy
  /// ONLINE, RESTORING, RECOVERING, OFFLINE, …
  let state: String
  /// Neither set to read-only nor a copy that only its primary writes to.
  let isUpdateable: Bool
  /// Whether the account gets in; also false of some databases that nobody can open.
  let hasAccess: Bool

  var isOnline: Bool { state == "ONLINE" }

  /// Why nothing in it can be read, as far as the database itself tells.
  var unreadable: String? {
    if !isOnline { return "\(copy.subject) is \(state), so nobody can open it" }
    return hasAccess ? nil : "the account has no user in \(copy.subject)"
  }

  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> SQLServerDatabase {
    guard let server = copy.server else {
      throw ActionError("database.no_session", "\(copy.subject) is a file: it has no server")
    }
    let rows = try reader.query(
      """
      SELECT state_desc AS state, HAS_DBACCESS(name) AS has_access, \
      CAST(DATABASEPROPERTYEX(name, 'Updateability') AS nvarchar(128)) AS updateability \
      FROM sys.databases WHERE name = \(server.database)
      """)
    guard let row = rows.first, let state = row["state"]?.string else {
      throw ActionError(
        "database.missing",
        "\(copy.subject): the server has no database '\(server.database)', or doesn't let the account see it",
        advice: "see 'database' in the inventory; the account needs VIEW ANY DATABASE")
    }
    return SQLServerDatabase(
      copy: copy, state: state, isUpdateable: row["updateability"] == "READ_WRITE",
      hasAccess: row["has_access"] == 1)
  }

  /// Of a database that isn't replicated: while nobody can open it nothing says what it will be.
  func unreplicatedState() throws -> CopyState {
    guard isOnline else {
      throw ActionError(
        "database.not_online", "\(copy.subject) is \(state)",
        advice: "see what happens to it; if it is replicated, say how, by 'replication'")
    }
    return CopyState(role: .primary, isWritable: isUpdateable, unreadable: unreadable)
  }
}

extension SQLServerDatabase {
  /// A time of `datetime` or `datetime2`, which is known to be UTC; what is finer than milliseconds is left out.
  static func date(_ value: Value?) -> Date? {
    guard let text = value?.string else { return nil }
    let words = text.replacing(" ", with: "T")
    let head = words.prefix(23)
    return Timestamp.date("\(head.contains(".") ? head : words.prefix(19))Z")
  }

  func untold(_ what: String) -> ActionError {
    ActionError(
      "replication.state", "\(copy.subject) answers \(what)",
      advice: "SQL Server 2016 and later are supported; see the server's version")
  }
}
