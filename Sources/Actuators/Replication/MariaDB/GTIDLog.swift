import Foundation
import Runbook

/// A MariaDB server's binary log, as `mariadb-binlog` shows it on the server's host.
struct GTIDLog: Sendable {
  let copy: DatabaseCopy

  /// When the log's last transaction was begun to be committed, by the clock of the server that wrote it first, and to the
  /// second: whatever was committed before that is in the log too. Nil when the log is empty or has several domains, whose
  /// transactions have no common order.
  func lastCommit(_ observer: any Observer) async throws -> Date? {
    guard let last = try await observer.read(copy, Self.last),
      let installation = copy.server?.installation
    else { return nil }
    let shown = try await observer.run(
      .binaryLog(last.file, from: last.gtid.predecessor, of: installation), on: copy.host)
    return Self.time(of: last.gtid, in: shown.standardOutput)
  }

  /// The file that has it is the last one that doesn't already begin behind it.
  private static func last(_ reader: any SQLReader) throws -> (gtid: GTID, file: String)? {
    let variables = try reader.query(
      "SELECT @@global.gtid_binlog_pos AS position, @@global.log_bin_basename AS base")
    guard let position = variables.first?["position"]?.string, let list = GTIDList(position),
      list.members.count == 1, let gtid = list.members.first,
      let base = variables.first?["base"]?.string, let slash = base.lastIndex(of: "/")
    else { return nil }
    for row in try reader.query("SHOW BINARY LOGS").reversed() {
      guard let name = row["Log_name"]?.string else { continue }
      let start = try reader.query("SELECT BINLOG_GTID_POS(\(name), 4) AS start")
      if start.first?["start"]?.string != position { return (gtid, base[...slash] + name) }
    }
    return nil
  }

  /// `#261123  8:14:22 server id 1  end_log_pos 19659 CRC32 0x5abeb8af \tGTID 0-1-194 trans`
  static func time(of gtid: GTID, in shown: String) -> Date? {
    let line = shown.split(separator: "\n").last { line in
      line.firstMatch(of: /\tGTID ([0-9-]+)/).map { $0.1 == gtid.description } ?? false
    }
    let start = #/\#(\d\d)(\d\d)(\d\d)\ +(\d+):(\d\d):(\d\d)\b/#
    guard let match = line?.prefixMatch(of: start)?.output, let hour = Int(match.4) else {
      return nil
    }
    let time = "\(hour < 10 ? "0" : "")\(hour):\(match.5):\(match.6)"
    return Timestamp.date("20\(match.1)-\(match.2)-\(match.3)T\(time)Z")
  }
}

extension GTID {
  /// The one before it in its domain, whoever wrote that.
  var predecessor: String { "\(domain)-\(server)-\(max(0, sequence - 1))" }
}
