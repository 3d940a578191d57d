import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// A world of its own for one test, whose connections are closed at its end.
func withWorld(
  _ limits: ActuatorWorld.Limits = .init(), time: any TimeSource = SystemTime(),
  _ body: (ActuatorWorld) async throws -> Void
) async throws {
  let world = ActuatorWorld(time: time, limits: limits)
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
      Command(arguments, standardInput: input.map { CommandInput($0) }, environment: environment),
      on: host)
  }

  func look(_ arguments: [String], on host: Host) async throws -> CommandResult {
    let command = try #require(ReadOnlyCommand(probe: arguments))
    return try await makeObserver().run(command, on: host)
  }
}

/// What any transport keeps, kept over a real sshd.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct SSHTransportTests {
  @Test("arguments, input and environment arrive byte for byte")
  func hostileTexts() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
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
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
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

  @Test("two hundred commands at once on one host, each with its own answer")
  func manyAtOnce() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        try await withThrowingTaskGroup(of: Bool.self) { group in
          for number in 0..<200 {
            group.addTask {
              let text = "number \(number)"
              let result =
                number.isMultiple(of: 2)
                ? try await world.act(["echo", text], on: server.host())
                : try await world.look(["ls", "-d", text], on: server.host())
              return result.standardOutput + result.standardError == "\(text)\n"
                || result.standardError.contains("'\(text)'")
            }
          }
          for try await isRight in group { #expect(isRight) }
        }
      }
    }
  }

  @Test("huge output is cut, counted, and doesn't block the program")
  func hugeOutput() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let script = "head -c 3000000 /dev/zero | tr '\\0' a; head -c 2000000 /dev/zero >&2"
        let result = try await world.act(["sh", "-c", script], on: server.host())
        #expect(result.standardOutput.utf8.count == CutText.limitBytes)
        #expect(result.standardError.utf8.count == CutText.limitBytes)
        #expect(result.cutBytes == 5_000_000 - 2 * CutText.limitBytes)
      }
    }
  }

  @Test("without input a program reads nothing and doesn't hang; input that isn't read is no error")
  func input() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        #expect(try await world.act(["cat"], on: server.host()).standardOutput == "")
        let unread = String(repeating: "x", count: 1 << 20)
        #expect(try await world.act(["true"], on: server.host(), input: unread).exitCode == 0)
        let read = try await world.act(["wc", "-c"], on: server.host(), input: unread)
        #expect(read.standardOutput == "1048576\n")
      }
    }
  }

  @Test("an argument that no program can get is refused with words")
  func tooLong() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let longest = String(repeating: "x", count: ShellText.argumentLimitBytes)
        let result = try await world.act(["printf", "%s", longest], on: server.host())
        #expect(result.standardOutput == longest)
        let error = await #expect(throws: ActionError.self) {
          try await world.act(["printf", "%s", longest + "x"], on: server.host())
        }
        #expect(error?.code == "command.too_long")
      }
    }
  }

  @Test("rights come by sudo, and another account's too")
  func sudo() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let host = server.host(elevation: .sudo)
        #expect(try await world.act(["id", "-un"], on: host).standardOutput == "root\n")
        let other = Command(["id", "-un"], account: "nobody")
        #expect(
          try await world.makeOperator(token: "t").run(other, on: host).standardOutput == "nobody\n"
        )
        #expect(
          try await world.makeOperator(token: "t").run(other, on: server.host()).standardOutput
            == "nobody\n")
        let missing = await #expect(throws: ActionError.self) {
          try await world.makeOperator(token: "t").run(
            Command(["id"], account: "no-such-account"), on: host)
        }
        #expect(missing?.code == "host.elevation")
      }
    }
  }

  @Test("sudo that wants a password says so, and the command wasn't started")
  func sudoPassword() async throws {
    let host = Host(
      site: "dr", name: "nobody", connection: .exec(through: ["runuser", "-u", "nobody", "--"]),
      elevation: .sudo)
    let error = await #expect(throws: ActionError.self) {
      try await world.act(["true"], on: host)
    }
    #expect(error?.code == "host.elevation")
    #expect(error?.message.contains("password") == true)
  }
}
