import Runbook

/// Closes a source and finds out what it wrote last.
struct GTIDDrain: Sendable {
  struct Drained: Sendable {
    let position: GTIDList
    /// Accounts with connections whom `read_only` doesn't bind.
    let unboundUsers: [String]
  }

  let source: DatabaseCopy
  let `operator`: any Operator
  /// How long statements under way may hold the closing up.
  let timeout: Duration

  /// After `read_only` ordinary accounts change nothing more; under the global read lock no commit is under way, so the
  /// position is the last one. From the first to the last statement clients can't write: nothing is asked in between.
  func close() async throws -> Drained {
    let (source, timeout) = (source, timeout)
    return try await `operator`.session(source) { writer in
      let unbound = try Self.unboundUsers(writer)
      for statement in Self.locking(within: timeout) { try writer.execute(statement) }
      let rows = try writer.query("SELECT @@global.gtid_binlog_pos AS position")
      try writer.execute(Self.unlock)
      guard let row = rows.first else {
        throw ActionError("replication.state", "\(source.subject) answered no position")
      }
      return Drained(
        position: try GTIDRow(row, of: source).gtids("position"), unboundUsers: unbound)
    }
  }

  static func locking(within timeout: Duration) -> [SQLStatement] {
    [
      "SET SESSION lock_wait_timeout=\(number: timeout.wholeSeconds)",
      "SET GLOBAL read_only=1", "FLUSH TABLES WITH READ LOCK",
    ]
  }

  static let unlock: SQLStatement = "UNLOCK TABLES"

  /// Other accounts that are connected and may write in spite of `read_only`. By name alone, as a connection doesn't say by
  /// which of a name's accounts it came.
  private static func unboundUsers(_ writer: any SQLWriter) throws -> [String] {
    let rows = try writer.query(
      """
      SELECT DISTINCT p.user AS name FROM information_schema.processlist p \
      JOIN information_schema.user_privileges u \
      ON u.grantee LIKE CONCAT('''', p.user, '''@%') AND u.privilege_type = 'READ_ONLY ADMIN' \
      WHERE p.id <> connection_id() AND p.command NOT LIKE 'Binlog Dump%' \
      AND p.user NOT IN ('system user', 'event_scheduler', SUBSTRING_INDEX(user(), '@', 1)) \
      ORDER BY 1
      """)
    return rows.compactMap { $0["name"]?.string }
  }

  /// What to say when the hand-over failed. The source is opened again, if it was open and the target is a replica still.
  func afterFailure(_ error: any Error, target: DatabaseCopy, wasOpen: Bool) async -> any Error {
    guard let cause = error as? ActionError else {
      _ = await reopened(target: target, wasOpen: wasOpen)
      return error
    }
    let left = await reopened(target: target, wasOpen: wasOpen)
    return ActionError(
      cause.code, "\(cause.message); \(left)",
      advice: cause.advice
        ?? "see SHOW PROCESSLIST at \(source.subject) and SHOW SLAVE STATUS at \(target.subject), "
        + "then run the step again", kind: cause.kind)
  }

  private func reopened(target: DatabaseCopy, wasOpen: Bool) async -> String {
    guard wasOpen else { return "\(source.subject) stays read-only, as it was found" }
    do {
      let own = try await `operator`.observer.read(target) { try GTIDServer.read($0, of: target) }
      guard own.source != nil, own.isReadOnly else {
        return "\(source.subject) stays read-only, as \(target.subject) is no replica any more"
      }
      _ = try await `operator`.session(source) { try $0.execute(GTIDPromotion.opening) }
      return "\(source.subject) takes changes again"
    } catch {
      return "\(source.subject) may be left read-only: opening it again failed: \(error)"
    }
  }
}

extension Duration {
  /// For settings that count seconds; at least one, as 0 often means for ever or not at all.
  var wholeSeconds: Int { max(1, Int((milliseconds + 999) / 1000)) }
}

extension SQLStatement.StringInterpolation {
  /// A number in the text, where the server takes no bound value.
  mutating func appendInterpolation(number: Int) { appendLiteral(String(number)) }
}
