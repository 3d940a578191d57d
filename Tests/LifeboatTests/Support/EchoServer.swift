import Foundation
import TestSupport
import Testing

/// The small HTTP server of the fixtures, as a child that ends with the test.
struct EchoServer {
  let url: String

  static func with(_ body: (EchoServer) async throws -> Void) async throws {
    let log = FileManager.default.temporaryDirectory.path + "/echo-\(UUID().uuidString)"
    // Its input stays open for as long as the shell's sleep lives, which the test ends.
    let child = try Child(
      "/bin/sh",
      ["-c", "sleep 600 | python3 \"$0\"", Programs.root.path + "/Fixtures/http-server.py"],
      environment: [:], log: log, ownGroup: true)
    do {
      try await eventually("the server's port") {
        child.output.contains { $0.isNumber } && child.output.hasSuffix("\n")
      }
      try await body(EchoServer(url: "http://127.0.0.1:\(child.output.filter(\.isNumber))"))
    } catch { Issue.record(error) }
    kill(-child.pid, SIGKILL)
    _ = await child.end()
    try FileManager.default.removeItem(atPath: log)
  }
}
