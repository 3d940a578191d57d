import Runbook

/// What a drill's copy is made of, and what must be known of it beforehand.
struct DrillSource: Sendable {
  static let bytes = "source_bytes"
  /// A Unix socket leads into a network of its own, and out of none.
  static let socket = "source_socket"
  static let tablespaces = "source_tablespaces"
  static let notes: [ActionSchema.Note] = [
    .init(bytes, "the size of the replica that is copied", motion: .moves),
    .init(
      socket,
      "PostgreSQL: where the replica's server is reached on its own machine, as directory and port"),
    .init(tablespaces, "PostgreSQL: the replica's tablespaces outside of its data directory"),
  ]
  static let copyableNote = ActionSchema.Note(
    "source-can-be-copied",
    "PostgreSQL: the replica is reached by a Unix socket, and has no tablespaces, which would be outside of the drill's directory"
  )

  /// What is copied.
  let copy: DatabaseCopy
  /// Where to.
  let directory: DrillDirectory

  private var subject: String { directory.copy.subject }

  private var properties: [String] {
    copy.server == nil ? [Self.bytes] : [Self.bytes, Self.socket, Self.tablespaces]
  }

  // MARK: - Looking

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      let facts = try await sizes(observer)
      return facts + [
        Fact(subject, DirectoryFacts.freeBytes, .integer(try await free(observer)))
      ]
    } catch {
      let gap = try Reading(gapFrom: error)
      return (properties + [DirectoryFacts.freeBytes]).map { Fact(subject, $0, gap) }
    }
  }

  private func sizes(_ observer: any Observer) async throws -> [Fact] {
    guard case .file(let path) = copy.placement.location else {
      return try await askServer(observer)
    }
    let status = try await observer.run(.status(ofFile: path), on: copy.host)
    let fields = status.standardOutput.split(separator: "|").map(String.init)
    guard status.exitCode == 0, fields.count == 7, let size = Int(fields[4]) else {
      throw Self.unclear(status.standardError)
    }
    return [Fact(subject, Self.bytes, .integer(size))]
  }

  private func askServer(_ observer: any Observer) async throws -> [Fact] {
    let row = try await observer.read(copy) { try $0.query(Self.question).first }
    guard let row, let size = row["bytes"]?.integer else {
      throw Self.unclear("\(copy.subject) doesn't say how large it is")
    }
    // Several are divided by commas; one that begins with "@" is in no directory.
    let sockets = (row["sockets"]?.string ?? "").split(separator: ",").map {
      $0.trimmingPrefix { $0 == " " }
    }
    let socket = sockets.first { $0.hasPrefix("/") }.flatMap { directory in
      row["port"]?.string.map { Value.list([.string(String(directory)), .string($0)]) }
    }
    let tablespaces = (row["tablespaces"]?.string ?? "").split(separator: "\n").map(String.init)
    return [
      Fact(subject, Self.bytes, .integer(size)),
      Fact(subject, Self.socket, socket ?? .null),
      Fact(subject, Self.tablespaces, .list(tablespaces.map(Value.string))),
    ]
  }

  /// The size is that of its databases and of its log: what else there is in a data directory is small.
  private static let question: SQLStatement = """
    SELECT ((SELECT coalesce(sum(pg_database_size(oid)), 0) FROM pg_database)
        + (SELECT coalesce(sum(size), 0) FROM pg_ls_waldir()))::bigint AS bytes,
      current_setting('unix_socket_directories') AS sockets, current_setting('port') AS port,
      (SELECT string_agg(spcname, E'\\n' ORDER BY spcname) FROM pg_tablespace
        WHERE spcname NOT IN ('pg_default', 'pg_global')) AS tablespaces
    """

  private func free(_ observer: any Observer) async throws -> Int {
    let above = directory.path.split(separator: "/").dropLast().joined(separator: "/")
    let system = try await observer.run(.fileSystem(of: "/" + above), on: directory.host)
    let free = system.standardOutput.split(whereSeparator: \.isWhitespace).last.flatMap { Int($0) }
    guard system.exitCode == 0, let free else { throw Self.unclear(system.standardError) }
    return free
  }

  private static func unclear(_ why: String) -> ActionError {
    ActionError("drill.space", "how much room there is can't be told: \(why)")
  }

  // MARK: - Judging

  /// Nil where a file is copied.
  func copyableGuard() -> Guard? {
    guard copy.server != nil else { return nil }
    return Guard(Self.copyableNote.name, demand: "\(copy.subject) can be copied whole") {
      let keys = [Self.socket, Self.tablespaces].map { FactKey(subject, $0) }
      if let gap = $0.firstGap(keys) { return .unknown(gap) }
      guard $0[subject, Self.socket]?.list != nil else {
        return .violated("\(copy.subject) has no Unix socket: see its unix_socket_directories")
      }
      let tablespaces = $0[subject, Self.tablespaces]?.list?.compactMap(\.string) ?? []
      return tablespaces.isEmpty
        ? .holds
        : .violated("\(copy.subject) has the tablespaces \(tablespaces.joined(separator: ", "))")
    }
  }
}
