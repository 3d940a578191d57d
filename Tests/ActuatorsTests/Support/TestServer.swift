import Foundation
import Subprocess
import SystemPackage
import Testing

/// A real HTTP server on the loopback address, as a child process.
struct TestServer: Sendable {
  let url: String
  let processIdentifier: pid_t

  private static let script = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().appendingPathComponent("../../../Fixtures/http-server.py")
    .standardizedFileURL.path

  static func with(_ body: @Sendable (TestServer) async throws -> Void) async throws {
    // It ends when its standard input is closed.
    _ = try await Subprocess.run(
      .name("python3"), arguments: [script], input: .inputWriter, output: .sequence,
      error: .discarded
    ) { execution in
      var lines = execution.standardOutput.strings().makeAsyncIterator()
      let line = try #require(try await lines.next())
      let port = try #require(Int(line.filter(\.isNumber)))
      try await body(
        TestServer(
          url: "http://127.0.0.1:\(port)", processIdentifier: execution.processIdentifier.value))
      try await execution.standardInputWriter.finish()
    }
  }
}
