import Foundation
import Glibc
import Runbook

/// A private directory for control sockets and client configurations. Its path is short: a socket's may have 107 bytes.
struct SSHDirectory: Sendable {
  private static let parent = "/tmp"
  private static let prefix = "lifeboat-ssh-"

  let path: String

  /// Also removes what processes left that were killed.
  init() throws {
    Self.removeStale()
    let placeholder = String(repeating: "X", count: 6)
    var template = Array("\(Self.parent)/\(Self.prefix)\(getpid())-\(placeholder)".utf8CString)
    guard template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) }) != nil else {
      throw ActionError(
        "ssh.directory", "no directory for ssh's sockets: \(String(cString: strerror(errno)))",
        advice: "see that \(Self.parent) can be written to")
    }
    path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  func write(_ text: String, to name: String) throws -> String {
    let file = "\(path)/\(name)"
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: file), options: .withoutOverwriting)
    } catch {
      throw ActionError("ssh.directory", "\(file) can't be written: \(error.localizedDescription)")
    }
    return file
  }

  func remove() throws { try FileManager.default.removeItem(atPath: path) }

  /// Best effort: what can't be listed or removed is somebody else's, or is being removed by another runner just now.
  private static func removeStale() {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
    for name in names where name.hasPrefix(prefix) {
      let owner = name.dropFirst(prefix.count).prefix(while: \.isNumber)
      guard let owner = pid_t(owner), kill(owner, 0) != 0, errno == ESRCH else { continue }
      try? FileManager.default.removeItem(atPath: "\(parent)/\(name)")
    }
  }
}
