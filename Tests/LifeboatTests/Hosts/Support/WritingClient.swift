import Foundation
import TestSupport
import Testing

/// A client at the operator's machine that writes numbered rows to whichever copy takes them, for as long as a test lasts.
struct WritingClient {
  /// One attempt, as `lab-scheduler write-load` accounts for it.
  struct Attempt: Decodable {
    let number: Int
    /// `host:port`; nil when no copy could be reached.
    let copy: String?
    let startedAt: String
    let endedAt: String
    let startedUptimeMs: Int
    let endedUptimeMs: Int
    let acknowledged: Bool
    let inDoubt: Bool
  }

  private let lab: HostsLab
  private let child: Child
  private let name: String
  private var file: String { "\(lab.directory)/operator-state/\(name)" }

  init(_ lab: HostsLab) throws {
    self.lab = lab
    name = "load-\(UUID().uuidString.prefix(8)).log"
    child = try Child(
      Programs.labScheduler,
      [
        "lab", "enter", lab.directory, "operator", "--", "lab-scheduler", "write-load",
        "--config", "/etc/lab-scheduler/write-load.json", "--output", "/var/lib/lifeboat/\(name)",
      ], environment: [:], log: "\(lab.directory).\(name)")
  }

  /// The signal goes to the program on its machine: what leads there doesn't pass it on.
  func stop() async throws {
    let ended = try await lab.at("operator", ["pkill", "-TERM", "-f", name])
    #expect(ended.code == 0, "\(ended)")
    #expect(await child.end() == 0, "\(child.output)")
  }

  var attempts: [Attempt] { get throws { try Self.attempts(in: written) } }

  private static func attempts(in lines: Data) throws -> [Attempt] {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try lines.split(separator: newline).map {
      try decoder.decode(Attempt.self, from: Data($0))
    }
  }

  /// Whole lines: the last one may be half written.
  private var written: Data {
    let data = FileManager.default.contents(atPath: file) ?? Data()
    return data.prefix((data.lastIndex(of: Self.newline) ?? -1) + 1)
  }

  private static let newline = UInt8(ascii: "\n")

  /// Waits until the client has had so many more rows acknowledged.
  func untilAcknowledged(_ count: Int) async throws {
    let start = written.count
    try await eventually("\(count) rows are acknowledged") {
      try Self.attempts(in: written.dropFirst(start)).count(where: \.acknowledged) >= count
    }
  }

  /// No copy had a row acknowledged while another one had: turns, and none twice within one list of turns.
  var turns: [String] {
    get throws {
      try attempts.filter(\.acknowledged).reduce(into: []) { turns, attempt in
        if let copy = attempt.copy, turns.last != copy { turns.append(copy) }
      }
    }
  }
}

extension HostsLab {
  /// The numbers of the rows that a site's database holds.
  func writtenRows(at site: String) async throws -> Set<Int> {
    let table = database == "mariadb" ? "`load`" : "load"
    let text = try #require(try await query(site, "SELECT number FROM \(table)"))
    return Set(text.split(whereSeparator: \.isWhitespace).compactMap { Int($0) })
  }

  /// Whether a site's copy was the one that an attempt was made at.
  func isOf(_ site: String, _ attempt: WritingClient.Attempt) -> Bool {
    attempt.copy?.hasPrefix("\(site)-database:") == true
  }
}
