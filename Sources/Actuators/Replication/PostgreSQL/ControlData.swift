import Runbook

/// What a data directory says of itself, whether or not its server runs: `pg_controldata`.
struct ControlData: Sendable, Equatable {
  /// The server's own words: `shut down`, `shut down in recovery`, `in production`, `in archive recovery`, …
  let state: String
  let lineage: String
  /// Where the latest checkpoint's record begins.
  let checkpoint: LogPosition
  let timeline: Int
  /// A standby opens to readers once it has replayed up to here; zero where it was no standby.
  let minimumRecovery: LogPosition
  /// Whether `pg_rewind` can tell which blocks were changed.
  let allowsRewind: Bool
  /// The size of a file of its log.
  let segmentBytes: Int

  /// Stopped in good order, as a primary.
  var isCleanPrimary: Bool { state == "shut down" }
  /// Stopped in good order, in whichever role.
  var isClean: Bool { isCleanPrimary || state == "shut down in recovery" }
  /// Was a primary when it stopped or died.
  var wasPrimary: Bool { Self.isStateOfPrimary(state) }

  static func isStateOfPrimary(_ state: String) -> Bool {
    ["shut down", "shutting down", "in production"].contains(state)
  }

  init?(_ output: String) {
    var values: [Substring: String] = [:]
    for line in output.split(separator: "\n") {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...]
      values[line[..<colon]] = String(value.drop { $0 == " " })
    }
    guard let state = values["Database cluster state"],
      let lineage = values["Database system identifier"],
      let checkpoint = values["Latest checkpoint location"].flatMap({ LogPosition($0) }),
      let timeline = values["Latest checkpoint's TimeLineID"].flatMap({ Int($0) }),
      let segmentBytes = values["Bytes per WAL segment"].flatMap({ Int($0) }), segmentBytes > 0
    else { return nil }
    self.state = state
    self.lineage = lineage
    self.checkpoint = checkpoint
    self.timeline = timeline
    self.segmentBytes = segmentBytes
    minimumRecovery =
      values["Minimum recovery ending location"].flatMap { LogPosition($0) }
      ?? LogPosition(bytes: 0)
    allowsRewind =
      values["wal_log_hints setting"] == "on"
      || values["Data page checksum version"].map { $0 != "0" } ?? false
  }

  /// Nil when there is no data directory any more.
  static func read(_ copy: DatabaseCopy, by observer: any Observer) async throws -> ControlData? {
    let server = try copy.requiredServer()
    let result = try await observer.run(
      .controlData(of: server.installation), on: copy.host)
    if let data = ControlData(result.standardOutput), result.exitCode == 0 { return data }
    if result.standardError.contains("No such file or directory") { return nil }
    throw ActionError(
      "postgresql.control_data",
      "\(copy.subject): pg_controldata says nothing that can be read: \(result.standardError)",
      advice: "see 'data_directory', 'program_directory' and 'account' in the inventory")
  }
}

extension DatabaseCopy {
  func requiredServer() throws -> DatabaseServer {
    guard let server else {
      throw ActionError("database.no_server", "\(subject) is a file: no server serves it")
    }
    return server
  }
}
