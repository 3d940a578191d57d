import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

extension DirectoryFacts {
  private struct Report: Decodable {
    let kind: String
    let fileSystem: String
    let freeBytes: Int
    let owner: String?
    let writable: Bool?

    enum CodingKeys: String, CodingKey {
      case kind, owner, writable
      case fileSystem = "file_system"
      case freeBytes = "free_bytes"
    }
  }

  /// What a Windows host's own report says.
  func onWindows(_ observer: any Observer) async throws -> [Fact] {
    let result = try await observer.run(
      .windows(.directory, ["path": .string(path)]), on: host)
    guard result.exitCode == 0 else { throw unreadable(result) }
    let report = try JSONDecoder().decode(Report.self, from: Data(result.standardOutput.utf8))
    let none = Reading.unknown("Windows has none")
    let absent = Reading.unknown("\(path) is \(report.kind) on \(host.id)")
    return [
      Fact(subject, Self.kind, .string(report.kind)),
      Fact(subject, Self.mode, none), Fact(subject, Self.group, none),
      Fact(subject, Self.owner, report.owner.map { .value(.string($0)) } ?? absent),
      Fact(subject, Self.writable, report.writable.map { .value(.boolean($0)) } ?? absent),
      Fact(subject, Self.fileSystem, .string(report.fileSystem)),
      Fact(subject, Self.freeBytes, .integer(report.freeBytes)),
    ]
  }
}
