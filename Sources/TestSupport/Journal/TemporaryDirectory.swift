public import Foundation

/// A directory for one test, removed when nothing refers to it any more.
public final class TemporaryDirectory: Sendable {
  public let url: URL

  public init() throws {
    url = FileManager.default.temporaryDirectory
      .appendingPathComponent("lifeboat-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: url, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
  }

  public var path: String { url.path }

  deinit {
    // Nobody could be told of a failure here; what is left is in the system's temporary directory.
    try? FileManager.default.removeItem(at: url)
  }
}
