import Runbook

import struct Foundation.Data
import struct Foundation.Date
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder

/// The file that a proof leaves in a shared directory, so that later runs see by reading that it was proved.
struct ShareMarker: Codable, Sendable {
  static let fileName = ".lifeboat-share"
  private static let limitBytes = 4096

  let id: String
  let provenAt: String

  private enum CodingKeys: String, CodingKey {
    case id
    case provenAt = "proven_at"
  }

  init(id: String, provenAt: Date) {
    self.id = id
    self.provenAt = Timestamp.text(provenAt)
  }

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  static func path(in directory: String) -> String { "\(directory)/\(fileName)" }

  /// Nil when there is none that can be read as one.
  static func read(
    in directory: String, on host: Host, _ observer: any Observer
  ) async throws -> ShareMarker? {
    let result = try await observer.run(
      .readFile(path(in: directory), limit: limitBytes), on: host)
    guard result.exitCode == 0 else { return nil }
    do {
      return try JSONDecoder().decode(ShareMarker.self, from: Data(result.standardOutput.utf8))
    } catch {
      return nil
    }
  }
}
