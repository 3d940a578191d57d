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
    let paths = try Paths(copy)
    let tools = GTIDTools(copy: copy, operator: `operator`)
    try await GTIDFence(copy: copy, operator: `operator`).keepClosed()
    let kept = try await keepLogs(tools)
    let known = try await read(primary).history.state
    for (command, what) in try GTIDTools.dumping(primary, at: copy, to: paths.dump) {
      try await tools.run(command, doing: what)
    }
    let position = try await checkedPosition(of: paths.dump)
    try await tools.run(Self.marking(paths), doing: "write \(paths.marker)")
    try await dropSchemas()
    try await tools.run(
      try GTIDTools.loading(paths.dump, into: copy), doing: "load \(paths.dump)")
    try await beginHistory(at: position, knowing: known)
    try await tools.run(Self.cleaning(paths), doing: "remove \(paths.dump)")
    return Evidence([
      "kept_logs": .string(kept), "rebuilt_from": .string(primary.subject),
      "rebuilt_at": .string(position.description),
    ])
  }

  /// The files of a rebuild, on the copy's host.
  private struct Paths {
    let marker: String
    let dump: String

    init(_ copy: DatabaseCopy) throws {
      marker = try GTIDFence.directory(of: copy) + "/" + markerName
      dump = try GTIDTools.installation(of: copy).dataDirectory + "/lifeboat-rebuild.sql"
    }
  }

  private static func marking(_ paths: Paths) -> Command {
    Command(
      ["dd", "of=\(paths.marker)", "conv=fsync", "status=none"], standardInput: "rebuilding\n")
  }

  private static func cleaning(_ paths: Paths) -> Command {
    Command(["rm", "-f", "--", paths.dump, paths.marker])
  }

  private func read(_ copy: DatabaseCopy) async throws -> GTIDServer {
    try await observer.read(copy) { try GTIDServer.read($0, of: copy) }
  }

  // MARK: - What is kept

  /// Copies the binary logs to a directory beside the data, once: a second attempt must not put others in their place.
  private func keepLogs(_ tools: GTIDTools) async throws -> String {
    let directory = try Self.keptLogs(of: copy, `operator`.token)
    let exists = try await observer.run(.status(ofFile: directory), on: copy.host)
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

  private static func keptLogs(of copy: DatabaseCopy, _ token: String) throws -> String {
    "\(try GTIDTools.installation(of: copy).dataDirectory)-diverged-\(token)"
  }

  /// The paths of the copy's binary logs; nothing is written to them any more.
  private func closedLogs() async throws -> [String] {
    let copy = copy
    return try await `operator`.session(copy) { writer in
      try GTIDFence.close(writer, within: GTIDFollowing.closingTimeout)
      if try GTIDServer.read(writer, of: copy).source != nil {
        for statement in Self.leavingSource { try writer.execute(statement) }
      }
      try writer.execute(Self.endingLog)
      let base = try writer.query("SELECT @@global.log_bin_basename AS base")
      guard let path = base.first?["base"]?.string, let end = path.lastIndex(of: "/") else {
        throw ActionError("replication.state", "\(copy.subject) doesn't say where its logs are")
      }
      return try writer.query("SHOW BINARY LOGS").map {
        String(path[...end]) + (try GTIDRow($0, of: copy).text("Log_name"))
      }
    }
  }

  private static let leavingSource: [SQLStatement] = [GTIDFollowing.stopping, "RESET SLAVE ALL"]
  private static let endingLog: SQLStatement = "FLUSH BINARY LOGS"

  // MARK: - The dump

  /// The dump's end says that it is whole, and where in the primary's history it stands. That the primary knows this place
  /// shows that it was the primary whom the host reached.
  private func checkedPosition(of dump: String) async throws -> GTIDList {
    let tail = try await `operator`.run(Self.readingEnd(of: dump), on: copy.host)
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

  private static func readingEnd(of dump: String) -> Command {
    Command(["tail", "-c", String(tailBytes), "--", dump])
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
      for statement in Self.beforeDropping { try writer.execute(statement) }
      for row in try writer.query("SELECT schema_name AS name FROM information_schema.schemata") {
        guard let name = row["name"]?.string, !Self.systemSchemas.contains(name),
          name != copy.server?.database
        else { continue }
        try writer.execute("DROP DATABASE \(identifier: name)")
      }
      try writer.execute(replacement)
      for statement in Self.afterDropping { try writer.execute(statement) }
    }
  }

  private static let beforeDropping: [SQLStatement] = [
    "SET SESSION sql_log_bin=0", "SET SESSION foreign_key_checks=0",
  ]
  private static let afterDropping: [SQLStatement] = [
    "SET SESSION foreign_key_checks=1", "SET SESSION sql_log_bin=1",
  ]

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
      try writer.execute(Self.endingHistory)
      try writer.execute("SET GLOBAL gtid_binlog_state=\(literal: state.description)")
      try writer.execute("SET GLOBAL gtid_slave_pos=\(literal: position.description)")
    }
  }

  private static let endingHistory: SQLStatement = "RESET MASTER"
}

extension GTIDRebuild {
  /// What it would do to the world.
  static func operations(
    of copy: DatabaseCopy, from primary: DatabaseCopy, given observation: Observation
  ) throws -> [Operation] {
    let paths = try Paths(copy)
    func run(_ commands: [Command]) -> [Operation] {
      commands.map { Operation(.command($0, on: copy.host)) }
    }
    func say(_ statements: [SQLStatement], if condition: String? = nil) -> [Operation] {
      statements.map { Operation(.statement($0, in: copy), if: condition) }
    }
    let isAgain = observation[copy.subject, ReplicationRejoin.unfinished]?.boolean == true
    let condition = isAgain ? "its binary logs aren't kept yet" : nil
    let role = observation.role(of: copy)
    let isSource = !isAgain && (role == .primary || role == .draining)
    let isReplica = !isAgain && role == .replica
    let kept = try keptLogs(of: copy, "…")
    let closing =
      say(GTIDFence.closing(within: GTIDFollowing.closingTimeout), if: condition)
      + say(isSource ? [] : leavingSource, if: isReplica ? nil : "it has a source")
      + say([endingLog], if: condition)
      + [Operation(.untold("copy the binary logs of \(copy.subject) to \(kept)"), if: condition)]
    let dropping = Operation(
      .untold(
        "drop every database of \(copy.subject) that isn't the server's own, and make its own anew")
    )
    let history = Operation(
      .untold("set gtid_binlog_state and gtid_slave_pos of \(copy.subject) to the dump's place"))
    return try closing + run(GTIDTools.dumping(primary, at: copy, to: paths.dump).map(\.command))
      + run([readingEnd(of: paths.dump), marking(paths)])
      + say(beforeDropping) + [dropping] + say(afterDropping)
      + run([GTIDTools.loading(paths.dump, into: copy)])
      + say([endingHistory]) + [history] + run([cleaning(paths)])
  }
}
