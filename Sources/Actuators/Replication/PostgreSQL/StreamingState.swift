import Runbook

/// What a PostgreSQL server says of itself. Positions are bytes of the write-ahead log; of a standby, how much it has
/// received, as all of that is replayed before a promotion ends.
struct StreamingState: Sendable {
  static let inRecovery = "in_recovery"
  static let readOnlyDefault = "default_transaction_read_only"
  static let received = "received_lsn"
  static let replayed = "replayed_lsn"
  static let replayPaused = "replay_paused"
  static let applyDelay = "apply_delay_ms"
  static let slot = "slot"
  static let slots = "slots"
  static let synchronousNames = "synchronous_standby_names"
  static let knownMissing = "known_missing_bytes"
  static let serverState = "server_state"

  static let details: [ActionSchema.Note] = [
    .init(inRecovery, "PostgreSQL, of each copy: the server is a standby"),
    .init(
      readOnlyDefault,
      "PostgreSQL, of each copy: whether transactions are read-only unless they ask for more; as far as the observing account may see it"
    ),
    .init(
      received, "PostgreSQL, of each standby: what it has received, as `0/1A2B3C`", motion: .moves),
    .init(
      replayed, "PostgreSQL, of each copy: what is visible in it, as `0/1A2B3C`", motion: .moves),
    .init(replayPaused, "PostgreSQL, of each standby: replay was paused by hand"),
    .init(applyDelay, "PostgreSQL, of each standby: how long replay waits on purpose"),
    .init(
      slot,
      "PostgreSQL, of each copy: the slot that it uses at its source, or used before it was promoted"
    ),
    .init(
      slots, "PostgreSQL, of each copy: its slots, with name, active and retained_bytes",
      motion: .columnsMove(["retained_bytes"])),
    .init(synchronousNames, "PostgreSQL, of each copy: the setting, empty when commits don't wait"),
    .init(
      knownMissing,
      "PostgreSQL, of each streaming standby: bytes that the primary had and the standby hasn't",
      motion: .moves),
    .init(serverState, "PostgreSQL, of a copy whose server doesn't run: what pg_controldata says"),
  ]

  let row: SQLRow
  let slotRows: [SQLRow]
  /// What the configuration file says, where the account may see it.
  let readOnlyInFile: Bool?

  static func read(_ reader: any SQLReader, of copy: DatabaseCopy) throws -> CopyState {
    guard let row = try reader.query(own).first else {
      throw ActionError("postgresql.state", "\(copy.subject) said nothing of itself")
    }
    let inFile =
      row["may_see_files"]?.boolean == true
      ? try reader.query(fileSetting).first?["setting"]?.string : nil
    let state = StreamingState(
      row: row, slotRows: try reader.query(slotStatement),
      readOnlyInFile: inFile.map(Self.isOn))
    return try state.copyState(of: copy)
  }

  private var isStandby: Bool? { row["in_recovery"]?.boolean }
  private var isStreaming: Bool { row["receiver_status"]?.string == "streaming" }

  /// A setting of the database goes before that of the file. The session's own setting says nothing: a probe's is
  /// always read-only.
  private var isReadOnlyByDefault: Bool? {
    row["read_only_database"]?.string.map(Self.isOn) ?? readOnlyInFile
  }

  private static func isOn(_ text: String) -> Bool {
    ["on", "true", "yes", "1"].contains(text.lowercased())
  }

  private func copyState(of copy: DatabaseCopy) throws -> CopyState {
    guard let isStandby, let timeline = row["timeline"]?.integer else {
      throw ActionError(
        "postgresql.state", "\(copy.subject) doesn't say whether it is in recovery",
        advice: "give the observing account the role pg_monitor")
    }
    let source = row["sender_host"]?.string.flatMap { host in
      row["sender_port"]?.integer.map { "\(host):\($0)" }
    }
    return CopyState(
      role: isStandby ? .replica : .primary, epoch: timeline,
      position: row["position"]?.integer, asOf: row["as_of"]?.string,
      isDrained: false, isWritable: !isStandby && isReadOnlyByDefault != true,
      isStreaming: isStandby && isStreaming, source: isStreaming ? source : nil,
      lineage: row["lineage"]?.string, idleSlots: idleSlots, details: details(isStandby))
  }

  private var idleSlots: [String] {
    slotRows.filter { $0["active"]?.boolean != true }.compactMap { $0["slot_name"]?.string }
  }

  private func details(_ isStandby: Bool) -> [String: Value] {
    var details: [String: Value] = [
      Self.inRecovery: .boolean(isStandby),
      Self.slots: .list(slotRows.map(\.value)),
    ]
    details[Self.readOnlyDefault] = isReadOnlyByDefault.map(Value.boolean)
    for name in [
      Self.received, Self.replayed, Self.replayPaused, Self.applyDelay, Self.slot,
      Self.synchronousNames, Self.knownMissing,
    ] {
      if let value = row[name], value != .null { details[name] = value }
    }
    return details
  }

  // MARK: - Statements

  private static let own: SQLStatement = """
    SELECT pg_is_in_recovery() AS in_recovery,
      (SELECT system_identifier::text FROM pg_control_system()) AS lineage,
      CASE WHEN pg_is_in_recovery() THEN greatest(
          (SELECT timeline_id FROM pg_control_checkpoint()),
          (SELECT min_recovery_end_timeline FROM pg_control_recovery()),
          receiver.received_tli)
        ELSE ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
        END AS timeline,
      (CASE WHEN pg_is_in_recovery()
          THEN greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
        ELSE pg_current_wal_lsn() END - '0/0')::bigint AS position,
      to_char(
        CASE WHEN NOT pg_is_in_recovery() THEN clock_timestamp()
          WHEN receiver.latest_end_lsn <= pg_last_wal_receive_lsn()
            THEN greatest(receiver.last_msg_send_time, pg_last_xact_replay_timestamp())
          ELSE pg_last_xact_replay_timestamp() END AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS as_of,
      pg_last_wal_receive_lsn()::text AS received_lsn,
      CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
        ELSE pg_current_wal_lsn() END::text AS replayed_lsn,
      CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS replay_paused,
      CASE WHEN pg_is_in_recovery() THEN (
          SELECT setting::int FROM pg_settings WHERE name = 'recovery_min_apply_delay')
        END AS apply_delay_ms,
      receiver.status AS receiver_status, receiver.sender_host AS sender_host,
      receiver.sender_port AS sender_port,
      coalesce(receiver.slot_name, nullif(current_setting('primary_slot_name'), '')) AS slot,
      CASE WHEN receiver.latest_end_lsn IS NOT NULL
        THEN greatest(0, receiver.latest_end_lsn - pg_last_wal_receive_lsn())::bigint
        END AS known_missing_bytes,
      current_setting('synchronous_standby_names') AS synchronous_standby_names,
      (SELECT split_part(option, '=', 2)
        FROM pg_db_role_setting AS overridden, unnest(overridden.setconfig) AS option
        WHERE overridden.setrole = 0 AND option LIKE 'default_transaction_read_only=%'
          AND overridden.setdatabase IN
            (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
        ORDER BY overridden.setdatabase DESC LIMIT 1) AS read_only_database,
      has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AS may_see_files
    FROM (SELECT) AS one LEFT JOIN pg_stat_wal_receiver AS receiver ON true
    """

  private static let fileSetting: SQLStatement = """
    SELECT setting FROM pg_show_all_file_settings()
    WHERE name = 'default_transaction_read_only' AND applied ORDER BY seqno DESC LIMIT 1
    """

  private static let slotStatement: SQLStatement = """
    SELECT slot_name::text AS slot_name, active,
      (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END
        - restart_lsn)::bigint AS retained_bytes
    FROM pg_replication_slots WHERE NOT temporary ORDER BY slot_name
    """
}
