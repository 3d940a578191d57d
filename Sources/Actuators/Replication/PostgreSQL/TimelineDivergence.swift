import Runbook

/// Where a copy left the history of the present primary, and what it has beyond.
struct TimelineDivergence: Sendable {
  enum Finding: Sendable, Equatable {
    case none
    /// Beyond `switchPoint`; bytes are nil when they can't be counted.
    case beyond(switchPoint: LogPosition, bytes: Int?)
    /// Its timeline is none of the primary's.
    case strange(timeline: Int)

    var divergence: Divergence {
      switch self {
      case .none: .none
      case .beyond(let switchPoint, let bytes?):
        .some("\(bytes) bytes of log beyond \(switchPoint)")
      case .beyond(let switchPoint, nil):
        .some("an unknown number of bytes of log beyond \(switchPoint)")
      case .strange(let timeline):
        .some("all of its timeline \(timeline), which the primary never had")
      }
    }
  }

  let copy: DatabaseCopy
  let primary: DatabaseCopy
  let observer: any Observer

  func measure(given observation: Observation) async throws -> Finding {
    guard let own = observation.epoch(of: copy), let present = observation.epoch(of: primary) else {
      throw ActionError(
        "postgresql.timelines_unknown",
        "the timelines of \(copy.subject) and \(primary.subject) are not known")
    }
    if own == present {
      return isOrWasPrimary(observation) ? .strange(timeline: own) : .none
    }
    guard let switchPoint = try await switchPoint(from: own, to: present) else {
      return .strange(timeline: own)
    }
    // A server that runs says how far it is; of one that doesn't, the log is read.
    switch (observation.role(of: copy), observation.position(of: copy)) {
    case (.primary, _):
      // It goes on writing: a number would be another one a moment later.
      return .beyond(switchPoint: switchPoint, bytes: nil)
    case (.replica, let position?):
      let beyond = LogPosition(bytes: position) - switchPoint
      return beyond > 0 ? .beyond(switchPoint: switchPoint, bytes: beyond) : .none
    default:
      return try await inLog(of: own, beyond: switchPoint)
    }
  }

  /// Two primaries of one timeline were promoted apart from each other.
  private func isOrWasPrimary(_ observation: Observation) -> Bool {
    let state = observation[copy.subject, StreamingState.serverState]?.string
    return observation.role(of: copy) == .primary
      || state.map(ControlData.isStateOfPrimary) ?? false
  }

  /// Where the primary's history left the copy's timeline: its history file has a line for each timeline it left.
  private func switchPoint(from timeline: Int, to present: Int) async throws -> LogPosition? {
    let installation = try primary.requiredServer().installation
    let digits = String(present, radix: 16, uppercase: true)
    let name = String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    let path = "\(installation.dataDirectory)/pg_wal/\(name).history"
    let result = try await observer.run(
      .readServerFile(path, of: installation), on: primary.host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "postgresql.timeline_history",
        "\(primary.subject): the history of timeline \(present) can't be read: \(result.standardError)",
        advice: "see \(path)")
    }
    for line in result.standardOutput.split(separator: "\n") {
      let words = line.split { $0.isWhitespace }
      if words.count >= 2, words[0] == String(timeline) { return LogPosition(words[1]) }
    }
    return nil
  }

  private func inLog(of timeline: Int, beyond switchPoint: LogPosition) async throws -> Finding {
    guard let control = try await ControlData.read(copy, by: observer) else {
      throw ActionError(
        "postgresql.no_data_directory", "\(copy.subject) has no data directory any more",
        advice: "make a new standby by pg_basebackup")
    }
    let installation = try copy.requiredServer().installation
    // Until here both have the same records, so one begins exactly there, if any does.
    let first = try await observer.run(
      .writeAheadLog(
        of: installation, timeline: timeline, from: "\(switchPoint)", limit: 1), on: copy.host)
    let isBeyond =
      !first.standardOutput.isEmpty || control.checkpoint >= switchPoint
      || control.minimumRecovery > switchPoint
    guard isBeyond else { return .none }
    let statistics = try await observer.run(
      .writeAheadLogStatistics(of: installation, timeline: timeline, from: "\(switchPoint)"),
      on: copy.host)
    let end = Self.end(in: statistics.standardError)
    return .beyond(switchPoint: switchPoint, bytes: end.map { max(0, $0 - switchPoint) })
  }

  /// `… invalid record length at 0/30000D8: wanted 24, got 0`: the log's end is where no record begins any more.
  static func end(in message: String) -> LogPosition? {
    message.split { $0 == " " || $0 == ":" || $0 == "\n" || $0 == "," }.compactMap {
      LogPosition($0)
    }
    .max()
  }
}
