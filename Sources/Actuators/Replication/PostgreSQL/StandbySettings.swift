import Runbook

/// How a standby reaches its primary: the three settings that make it follow.
struct StandbySettings: Sendable {
  /// By name, in the order in which they are set.
  let values: [(name: String, value: String)]

  init(of copy: DatabaseCopy, following primary: DatabaseCopy) throws {
    values = [
      ("primary_conninfo", try ConnectionText(from: copy, to: primary).text),
      ("primary_slot_name", ReplicationSlot.name(for: copy.site)),
      ("recovery_target_timeline", "latest"),
    ]
  }

  /// For a server that runs. They count from its next start, and for a standby from its next reload.
  func set(by writer: any SQLWriter) throws {
    for statement in statements { try writer.execute(statement) }
  }

  var statements: [SQLStatement] {
    values.map { "ALTER SYSTEM SET \(identifier: $0) = \(literal: $1)" }
  }

  /// Makes a server read its settings again.
  static let reload: SQLStatement = "SELECT pg_reload_conf()"

  /// For a server that doesn't run: `postgresql.auto.conf` with these settings in place of its own of the same names.
  func merged(into file: String) -> String {
    let kept = file.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
      let name = line.drop { $0.isWhitespace }.prefix { $0.isLetter || $0 == "_" }
      return !line.isEmpty && !values.contains { $0.name == name.lowercased() }
    }
    let own = values.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("'", with: "''")
      return "\(name) = '\(escaped)'"
    }
    return (kept.map(String.init) + own).joined(separator: "\n") + "\n"
  }
}

/// A connection in libpq's words, `host='db1' port='5432'`. Never with a password: `passfile` names where that is.
struct ConnectionText: Sendable {
  let text: String

  /// - Parameter database: for a connection that isn't for replication.
  init(from copy: DatabaseCopy, to primary: DatabaseCopy, database: String? = nil) throws {
    let server = try primary.requiredServer()
    guard let replication = copy.database.replication, let user = replication.user else {
      throw ActionError(
        "postgresql.no_replication_user",
        "the inventory doesn't say as whom a standby of \(copy.database.name) logs in",
        advice: "add replication: { user: … } to the database")
    }
    var words = ["application_name": copy.site]
    words.merge(replication.options) { _, option in option }
    words["host"] = server.address
    words["port"] = String(server.port)
    words["user"] = user
    if let database { words["dbname"] = database }
    if let wrong = words.keys.first(where: { !$0.allSatisfy { $0.isLowercase || $0 == "_" } }) {
      throw ActionError(
        "postgresql.connection_word", "'\(wrong)' is no connection parameter of PostgreSQL's",
        advice: "see 'options' of the database's replication in the inventory")
    }
    text = words.sorted { $0.key < $1.key }.map { "\($0)=\(Self.quoted($1))" }
      .joined(separator: " ")
  }

  private static func quoted(_ value: String) -> String {
    "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
  }
}

/// The slots that copies use at each other.
enum ReplicationSlot {
  private static let prefix = "lifeboat_"

  /// `lifeboat_dr`. A slot's name has small letters, digits and underscores only; whatever else a site's name has is written
  /// in hexadecimal, so that two sites never share a slot.
  static func name(for site: String) -> String {
    prefix
      + site.utf8.map { byte in
        let isPlain = (97...122).contains(byte) || (48...57).contains(byte)
        return isPlain
          ? String(UnicodeScalar(byte)) : "_" + String(Int(byte) + 256, radix: 16).dropFirst()
      }.joined()
  }

  /// The slots of ours at a copy that nobody uses.
  static func ownIdle(of copy: DatabaseCopy, _ observation: Observation) -> [String] {
    let used = used(byOthersThan: copy, observation)
    return (observation[copy.subject, CopyFacts.idleSlots]?.list ?? []).compactMap(\.string)
      .filter { $0.hasPrefix(prefix) || used.contains($0) }
  }

  /// The slots that other copies use at their source, whoever gave them their names: a new primary used its own at the old.
  static func used(byOthersThan copy: DatabaseCopy, _ observation: Observation) -> [String] {
    observation.facts.filter {
      $0.key.property == StreamingState.slot && $0.key.subject != copy.subject
    }.compactMap(\.reading.value?.string)
  }

  /// Makes the slots of these copies where they are missing. The log is kept from now on.
  static func ensure(for copies: [DatabaseCopy], by writer: any SQLWriter) throws {
    for copy in copies { try writer.call(creation(for: copy)) }
  }

  static func creation(for copy: DatabaseCopy) -> SQLStatement {
    let name = name(for: copy.site)
    return """
      SELECT pg_create_physical_replication_slot(\(name), true)
      WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = \(name))
      """
  }

  /// Drops those of `names` that nobody uses; returns them.
  static func dropIdle(_ names: [String], by writer: any SQLWriter) throws -> [String] {
    try names.filter { try !writer.call(dropping($0)).isEmpty }
  }

  static func dropping(_ name: String) -> SQLStatement {
    """
    SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
    WHERE slot_name = \(name) AND slot_type = 'physical' AND NOT active
    """
  }

  /// The slots that a copy may have kept for others when it was the primary.
  static func kept(
    by copy: DatabaseCopy, for copies: [DatabaseCopy], _ observation: Observation
  ) -> [String] {
    copies.filter { $0 != copy }.map { name(for: $0.site) }
      + used(byOthersThan: copy, observation)
  }
}
