import Foundation
import Runbook

/// What a MariaDB server says of itself, from two statements.
struct GTIDServer: Sendable {
  /// Where a replica gets its transactions from, and how that goes.
  struct Source: Sendable {
    let address: String
    let receives: Bool
    let applies: Bool
    /// `Gtid_IO_Pos`: what has been received, applied or not.
    let received: GTIDList
    let usesGTID: String
    /// How far the applier is behind what was received; nil when one of both threads stands still.
    let behindSeconds: Int?
    let receiveError: String
    let applyError: String

    var isRunning: Bool { receives && applies }
  }

  let isReadOnly: Bool
  let id: Int
  let history: GTIDHistory
  let binlogPosition: GTIDList
  let currentPosition: GTIDList
  let isStrict: Bool
  /// Keeps a binary log, and in it what it gets as a replica: without that it can't be anybody's primary.
  let keepsLog: Bool
  /// Waits for a replica before it acknowledges a commit.
  let isSemiSyncSource: Bool
  /// Acknowledges what it receives to such a primary.
  let isSemiSyncReplica: Bool
  /// When it was asked, by its own clock.
  let now: Date
  /// A primary may be silent for so long before its replica takes the connection for dead.
  let silenceSeconds: Int
  let source: Source?

  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> GTIDServer {
    // The clock first: a look that takes long must not make the copy look younger.
    let variables = try reader.query(
      """
      SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS now_ms, \
      @@global.read_only AS read_only, @@global.server_id AS server_id, \
      @@global.gtid_binlog_state AS binlog_state, @@global.gtid_binlog_pos AS binlog_pos, \
      @@global.gtid_slave_pos AS slave_pos, @@global.gtid_current_pos AS current_pos, \
      @@global.gtid_strict_mode AS strict_mode, @@global.log_bin AS log_bin, \
      @@global.log_slave_updates AS log_slave_updates, \
      @@global.rpl_semi_sync_master_enabled AS semi_sync_source, \
      @@global.rpl_semi_sync_slave_enabled AS semi_sync_replica, \
      @@global.slave_net_timeout AS net_timeout
      """)
    let sources = try reader.query("SHOW ALL SLAVES STATUS")
    guard let row = variables.first else {
      throw ActionError("replication.state", "\(copy.subject) answered no row of its variables")
    }
    return try GTIDServer(GTIDRow(row, of: copy), sources: sources.map { GTIDRow($0, of: copy) })
  }

  private init(_ row: GTIDRow, sources: [GTIDRow]) throws {
    isReadOnly = try row.flag("read_only")
    id = try row.integer("server_id")
    history = GTIDHistory(
      state: try row.gtids("binlog_state"), replicated: try row.gtids("slave_pos"))
    binlogPosition = try row.gtids("binlog_pos")
    currentPosition = try row.gtids("current_pos")
    isStrict = try row.flag("strict_mode")
    keepsLog = try row.flag("log_bin") && row.flag("log_slave_updates")
    isSemiSyncSource = try row.flag("semi_sync_source")
    isSemiSyncReplica = try row.flag("semi_sync_replica")
    now = Date(timeIntervalSince1970: Double(try row.integer("now_ms")) / 1000)
    silenceSeconds = try row.integer("net_timeout")
    source = try Self.onlySource(sources)
  }

  private static func onlySource(_ rows: [GTIDRow]) throws -> Source? {
    guard let row = rows.first else { return nil }
    let name = try row.text("Connection_name")
    guard rows.count == 1, name.isEmpty else {
      throw ActionError(
        "replication.many_sources",
        "\(row.copy.subject) replicates by named connections, or from several servers",
        advice: "Lifeboat reverses one unnamed connection: see SHOW ALL SLAVES STATUS there")
    }
    return Source(
      address: "\(try row.text("Master_Host")):\(try row.integer("Master_Port"))",
      receives: try row.text("Slave_IO_Running") == "Yes",
      applies: try row.text("Slave_SQL_Running") == "Yes",
      received: try row.gtids("Gtid_IO_Pos"), usesGTID: try row.text("Using_Gtid"),
      behindSeconds: row.optionalInteger("Seconds_Behind_Master"),
      receiveError: try row.text("Last_IO_Error"), applyError: try row.text("Last_SQL_Error"))
  }
}

/// A row of the server's own words, whose columns have the types that the server gave them.
struct GTIDRow {
  let row: SQLRow
  let copy: DatabaseCopy

  init(_ row: SQLRow, of copy: DatabaseCopy) {
    self.row = row
    self.copy = copy
  }

  func text(_ column: String) throws -> String {
    guard let value = row[column] else { throw missing(column) }
    return value == .null ? "" : value.description
  }

  func flag(_ column: String) throws -> Bool { ["1", "ON", "true"].contains(try text(column)) }

  func integer(_ column: String) throws -> Int {
    guard let integer = optionalInteger(column) else { throw missing(column) }
    return integer
  }

  func optionalInteger(_ column: String) -> Int? {
    row[column].flatMap { $0.integer ?? Int($0.description) }
  }

  func gtids(_ column: String) throws -> GTIDList {
    let text = try text(column)
    guard let list = GTIDList(text) else {
      throw ActionError(
        "replication.state", "\(copy.subject): \(column) is '\(text)', which is no list of GTIDs")
    }
    return list
  }

  private func missing(_ column: String) -> ActionError {
    ActionError(
      "replication.state", "\(copy.subject) says no readable \(column)",
      advice: "MariaDB 10.11 is supported; see the server's version")
  }
}
