import Runbook

/// Fills a copy anew from the primary, by a dump that the copy's host takes. What the copy had written on its own stays on
/// its host, as binary logs.
///
/// Until all is done a file beside the fence says that the copy is neither its old self nor the primary's: it isn't promoted,
/// and the next attempt begins from the start.
struct GTIDRebuild: Sendable {
  private static let markerName = "lifeboat-rebuilding"
  private static let tailBytes = 4096
  /// What the servers have by themselves.
  private static let systemSchemas = ["information_schema", "mysql", "performance_schema", "sys"]

  let copy: DatabaseCopy
  let primary: DatabaseCopy
  let `operator`: any Operator

  private var observer: any Observer { `operator`.observer }

  static func isUnfinished(_ copy: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    let path = try GTIDFence.directory(of: copy) + "/" + markerName
    return try await observer.run(.readFile(path), on: copy.host).exitCode == 0
  }

  func isUnfinished() async throws -> Bool { try await Self.isUnfinished(copy, observer) }

  func run() async throws -> Evidence {
    let marker = try GTIDFence.directory(of: copy) + "/" + Self.markerName
    let tools = GTIDTools(copy: copy, operator: `operator`)
    try await GTIDFence(copy: copy, operator: `operator`).keepClosed()
    let kept = try await keepLogs(tools)
    let dump = try tools.installation().dataDirectory + "/lifeboat-rebuild.sql"
    let known = try await read(primary).history.state
    try await tools.writeDump(of: primary, to: dump)
    let position = try await checkedPosition(of: dump, tools)
    try await tools.run(
      ["dd", "of=\(marker)", "conv=fsync", "status=none"], input: "rebuilding\n",
      doing: "write \(marker)")
    try await dropSchemas()
    try await tools.load(dump)
    try await beginHistory(at: position, knowing: known)
    try await tools.run(["rm", "-f", "--", dump, marker], doing: "remove \(dump)")
    return Evidence([
      "kept_logs": .string(kept), "rebuilt_from": .string(primary.subject),
      "rebuilt_at": .string(position.description),
    ])
  }

  private func read(_ copy: DatabaseCopy) async throws -> GTIDServer {
    try await observer.read(copy) { try GTIDServer.read($0, of: copy) }
  }

  // MARK: - What is kept

  /// Copies the binary logs to a directory beside the data, once: a second attempt must not put others in their place.
  private func keepLogs(_ tools: GTIDTools) async throws -> String {
    let directory = "\(try tools.installation().dataDirectory)-diverged-\(`operator`.token)"
    let exists = try await `operator`.run(Command(["test", "-d", directory]), on: copy.host)
    guard exists.exitCode != 0 else { return directory }
    let logs = try await closedLogs()
    let partial = "\(directory).partial"
    try await tools.run(["mkdir", "-p", "-m", "0700", "--", partial], doing: "make \(partial)")
    try await tools.run(
      ["cp", "--archive", "--"] + logs + [partial], doing: "copy the binary logs to \(partial)")
    try await tools.run(["sync", "--file-system", "--", partial], doing: "make \(partial) durable")
    try await tools.run(["mv", "-T", "--", partial, directory], doing: "name \(directory)")
    return directory
  }

  /// The paths of the copy's binary logs; nothing is written to them any more.
  private func closedLogs() async throws -> [String] {
    let copy = copy
    return try await `operator`.session(copy) { writer in
      try GTIDFence.close(writer, within: GTIDFollowing.closingTimeout)
      if try GTIDServer.read(writer, of: copy).source != nil {
        try writer.execute("STOP SLAVE")
        try writer.execute("RESET SLAVE ALL")
      }
      try writer.execute("FLUSH BINARY LOGS")
      let base = try writer.query("SELECT @@global.log_bin_basename AS base")
      guard let path = base.first?["base"]?.string, let end = path.lastIndex(of: "/") else {
        throw ActionError("replication.state", "\(copy.subject) doesn't say where its logs are")
      }
      return try writer.query("SHOW BINARY LOGS").map {
        String(path[...end]) + (try GTIDRow($0, of: copy).text("Log_name"))
      }
    }
  }

  // MARK: - The dump

  /// The dump's end says that it is whole, and where in the primary's history it stands. That the primary knows this place
  /// shows that it was the primary whom the host reached.
  private func checkedPosition(of dump: String, _ tools: GTIDTools) async throws -> GTIDList {
    let tail = try await `operator`.run(
      Command(["tail", "-c", String(Self.tailBytes), "--", dump]), on: copy.host)
    guard tail.exitCode == 0, tail.standardOutput.contains("-- Dump completed"),
      let match = tail.standardOutput.firstMatch(of: /SET GLOBAL gtid_slave_pos='([^']*)'/),
      let position = GTIDList(String(match.1))
    else {
      throw ActionError(
        "replication.dump", "the dump \(dump) on \(copy.host.id) is not whole",
        advice: "see the free space there; then run the step again")
    }
    let source = try await read(primary)
    let foreign = source.history.missing(from: GTIDHistory(state: position, replicated: position))
    guard foreign.isEmpty, !position.members.isEmpty else {
      throw ActionError(
        "replication.dump",
        "the dump \(dump) on \(copy.host.id) stands at \(position), which \(primary.subject) doesn't know",
        advice:
          "see whom \(primary.server?.address ?? "the primary's address") leads to from that host")
    }
    return position
  }

  /// The copy's own database is emptied by one statement: without it nobody could connect who looks.
  private func dropSchemas() async throws {
    let copy = copy
    let source = try await read(primary)
    let replacement = try await emptyDatabase()
    try await `operator`.session(copy) { writer in
      let own = try GTIDServer.read(writer, of: copy)
      guard own.isReadOnly, own.source == nil, own.id != source.id, !source.isReadOnly else {
        throw ActionError(
          "replication.moved",
          "\(copy.subject) isn't closed any more, or is its primary itself",
          advice: "look who else works on it; then run the step again")
      }
      try writer.execute("SET SESSION sql_log_bin=0")
      try writer.execute("SET SESSION foreign_key_checks=0")
      for row in try writer.query("SELECT schema_name AS name FROM information_schema.schemata") {
        guard let name = row["name"]?.string, !Self.systemSchemas.contains(name),
          name != copy.server?.database
        else { continue }
        try writer.execute("DROP DATABASE \(identifier: name)")
      }
      try writer.execute(replacement)
      try writer.execute("SET SESSION foreign_key_checks=1")
      try writer.execute("SET SESSION sql_log_bin=1")
    }
  }

  /// The dump doesn't set the character set of a database that is there already.
  private func emptyDatabase() async throws -> SQLStatement {
    let (primary, name) = (primary, primary.server?.database ?? "")
    return try await observer.read(primary) { reader in
      let rows = try reader.query(
        """
        SELECT default_character_set_name AS characters, default_collation_name AS collation \
        FROM information_schema.schemata WHERE schema_name = \(name)
        """)
      guard let row = rows.first.map({ GTIDRow($0, of: primary) }) else {
        throw ActionError("replication.state", "\(primary.subject) has no database '\(name)'")
      }
      return """
        CREATE OR REPLACE DATABASE \(identifier: name) \
        CHARACTER SET \(literal: try row.text("characters")) \
        COLLATE \(literal: try row.text("collation"))
        """
    }
  }

  /// The old history goes, the primary's takes its place: as far as it was known before the dump, and the dump's position.
  private func beginHistory(at position: GTIDList, knowing state: GTIDList) async throws {
    try await `operator`.session(copy) { writer in
      try writer.execute("RESET MASTER")
      try writer.execute("SET GLOBAL gtid_binlog_state=\(literal: state.description)")
      try writer.execute("SET GLOBAL gtid_slave_pos=\(literal: position.description)")
    }
  }
}
