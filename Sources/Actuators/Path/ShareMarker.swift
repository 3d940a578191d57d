import Runbook

import struct Foundation.Data
import struct Foundation.Date
import class Foundation.JSONDecoder
import class Foundation.JSONEncoder

/// The file that a proof leaves in a shared directory, so that later runs see by reading that it was proved.
struct ShareMarker: Codable, Sendable {
  static let fileName = ".lifeboat-share"

  let id: String
  let provenAt: String
  /// Whose eyes saw it, when they weren't those of the account that reads this.
  let account: String?

  private enum CodingKeys: String, CodingKey {
    case id, account
    case provenAt = "proven_at"
  }

  init(id: String, provenAt: Date, account: String? = nil) {
    self.id = id
    self.account = account
    self.provenAt = Timestamp.text(provenAt)
  }

  func text() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  static func path(in directory: String, on host: Host) -> String {
    HostPath.joined(directory, fileName, on: host)
  }

  /// Where a Windows host remembers what a service's account saw there: Lifeboat's own may not see the directory itself.
  static let recordDirectory = #"C:\ProgramData"#

  static func recordName(for directory: String) -> String {
    "lifeboat-share-\(Fingerprint.of(directory.lowercased())).json"
  }

  /// Nil when there is none that can be read as one.
  static func read(
    _ path: String, on host: Host, _ observer: any Observer
  ) async throws -> ShareMarker? {
    let result = try await observer.run(.readText(path, on: host), on: host)
    guard result.exitCode == 0 else { return nil }
    do {
      return try JSONDecoder().decode(ShareMarker.self, from: Data(result.standardOutput.utf8))
    } catch {
      return nil
    }
  }
}
