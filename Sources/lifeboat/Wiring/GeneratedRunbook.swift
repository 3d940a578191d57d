import Foundation
import Journal

/// A runbook that a command made. It is kept beside the journal, so that its run is resumed like any other; its name tells
/// what is in it.
struct GeneratedRunbook {
  let name: String
  let text: String

  /// The file's path.
  func write() throws -> String {
    let directory = URL(fileURLWithPath: Home().directory + "/runbooks")
    try FileManager.default.createDirectory(
      at: directory, withIntermediateDirectories: true,
      attributes: [.posixPermissions: 0o700])
    let digest = try Digest(of: .string(text)).description.replacing("sha256:", with: "").prefix(12)
    let file = directory.appendingPathComponent("\(name)-\(digest).yaml")
    try Data(text.utf8).write(to: file, options: .atomic)
    return file.path
  }
}
