import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// A world of its own for one test, whose connections are closed at its end.
func withWorld(
  _ limits: ActuatorWorld.Limits = .init(),
  _ body: (ActuatorWorld) async throws -> Void
) async throws {
  let world = ActuatorWorld(time: SystemTime(), limits: limits)
  let result: Result<Void, any Error>
  do { result = .success(try await body(world)) } catch { result = .failure(error) }
  try await world.close()
  try result.get()
}

extension ActuatorWorld {
  func act(
    _ arguments: [String], on host: Host, input: String? = nil, environment: [String: String] = [:]
  ) async throws -> CommandResult {
    try await makeOperator(token: "t").run(
      Command(arguments, standardInput: input, environment: environment), on: host)
  }

  func look(_ arguments: [String], on host: Host) async throws -> CommandResult {
    let command = try #require(ReadOnlyCommand(probe: arguments))
    return try await makeObserver().run(command, on: host)
  }
}

/// What any transport keeps, kept over a real sshd.
@Suite(.enabled(if: SSHServer.isHere, "no sshd: install openssh-server")) struct SSHTransportTests {
  @Test("arguments, input and environment arrive byte for byte")
  func hostileTexts() async throws {
    try await SSHServer.with { server in
      try await withWorld { world in
        let everyByte = String(String.UnicodeScalarView((1...255).map { Unicode.Scalar($0) }))
        let long = String(repeating: "x'y\n", count: 25_000)
        let texts = TransportTests.hostileTexts + [everyByte, long, "\u{1}", "-", "~root", "{a,b}"]
        let result = try await world.act(["printf", "%s\\0"] + texts, on: server.host())
        let received = result.standardOutput.split(
          separator: "\0", omittingEmptySubsequences: false)
        #expect(received.dropLast().map(String.init) == texts)
        #expect(result.standardError == "")
        for text in TransportTests.hostileTexts + [everyByte, long, "a\0b\0", "\\0\0011\\c%s"] {
          let result = try await world.act(["cat"], on: server.host(), input: text)
          #expect(result.standardOutput == text)
        }
        for text in TransportTests.hostileTexts + [everyByte] {
          let result = try await world.act(
            ["sh", "-c", "printf %s \"$PROBE\""], on: server.host(), environment: ["PROBE": text])
          #expect(result.standardOutput == text)
        }
      }
    }
  }

  @Test("exit codes and signals come as shells count them, also 255 and a missing program's")
  func exitCodes() async throws {
    try await SSHServer.with { server in
      try await withWorld { world in
        for code in [0, 1, 42, 254, 255] {
          let result = try await world.act(["sh", "-c", "exit \(code)"], on: server.host())
          #expect(result.exitCode == code)
        }
        #expect(
          try await world.act(["sh", "-c", "kill -9 $$"], on: server.host()).exitCode == 137)
        let missing = try await world.act(["/nonexistent/x"], on: server.host())
        #expect(missing.exitCode == 127)
        #expect(missing.standardError.contains("/nonexistent/x"))
      }
    }
  }
}
