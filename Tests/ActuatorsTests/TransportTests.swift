import Engine
import Foundation
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Actuators

@Suite struct TransportTests {
  /// Both ways to a host: directly, and behind a prefix program. `env --` only runs the rest of its arguments.
  static let hosts = [
    Host.here("local"),
    Host(site: "exec", name: "scheduler", connection: .exec(through: ["env", "--"])),
  ]

  static let hostileTexts = [
    "", " ", "two words", "'", "\"", "`id`", "$(id)", "${HOME}", "$HOME", "a;b", "a&&b", "a|b", "*",
    "?", "~", "\\", "\\n", "a\nb", "\n", "\t", "-n", "--help", "-rf", "#", "!", "%s", "é", "日本語",
    "🛟",
    "a=b", "--", "\u{1b}[31m", "\u{202e}", "${steps.a.b}",
  ]

  private func run(
    _ arguments: [String], on host: Host, input: String? = nil,
    environment: [String: String] = [:]
  ) async throws -> CommandResult {
    try await world.makeOperator(token: "t").run(
      Command(arguments, standardInput: input.map { CommandInput($0) }, environment: environment),
      on: host)
  }

  @Test("arguments arrive byte for byte", arguments: hosts)
  func hostileArguments(host: Host) async throws {
    // A NUL after each: the one byte that no argument can hold.
    let result = try await run(["printf", "%s\\0"] + Self.hostileTexts, on: host)
    let received = result.standardOutput.split(separator: "\0", omittingEmptySubsequences: false)
    #expect(received.dropLast().map(String.init) == Self.hostileTexts)
  }

  @Test("standard input and environment arrive byte for byte", arguments: hosts)
  func hostileInput(host: Host) async throws {
    for text in Self.hostileTexts {
      let result = try await run(
        ["sh", "-c", "cat; printf '|%s' \"$PROBE\""], on: host, input: text,
        environment: ["PROBE": text])
      #expect(result.standardOutput == "\(text)|\(text)")
    }
  }

  @Test(
    "what leads inside comes after the rights and before the account",
    .enabled(if: getuid() == 0, "needs root"))
  func inside() async throws {
    let inside = ["unshare", "--net", "--"]
    let host = Host(site: "here", name: "drill", connection: .local, inside: inside)
    for account in [nil, "nobody"] {
      let seen = try await world.makeOperator(token: "t").run(
        Command(
          ["sh", "-c", "id -un; grep -c : /proc/self/net/dev; printf %s \"$PROBE\""],
          environment: ["PROBE": "a b"], account: account), on: host)
      #expect(seen.standardOutput == "\(account ?? "root")\n1\na b", "\(seen)")
    }
    let nowhere = Host(
      site: "here", name: "drill", connection: .local,
      inside: ["nsenter", "--net=/run/netns/lifeboat-no-such", "--"])
    let error = await #expect(throws: ActionError.self) { try await run(["true"], on: nowhere) }
    #expect(error?.code == "host.inside")
    #expect(error?.message.contains("lifeboat-no-such") == true)
  }

  @Test("a NUL byte is refused, not cut off", arguments: hosts)
  func nulByte(host: Host) async throws {
    await #expect(throws: ActionError.self) { try await run(["printf", "a\0b"], on: host) }
  }

  @Test("the environment of the far side is set there, and the near one's is kept")
  func environmentIsAddedTo() async throws {
    for host in Self.hosts {
      let result = try await run(
        ["sh", "-c", "test -n \"$PATH\" && printf %s \"$ADDED\""], on: host,
        environment: ["ADDED": "yes"])
      #expect(result.standardOutput == "yes")
    }
  }

  @Test("exit codes and signals come as shells count them", arguments: hosts)
  func exitCodes(host: Host) async throws {
    for code in [0, 1, 42, 254] {
      #expect(try await run(["sh", "-c", "exit \(code)"], on: host).exitCode == code)
    }
    #expect(try await run(["sh", "-c", "kill -9 $$"], on: host).exitCode == 137)
  }

  @Test("huge output is cut, counted, and doesn't block the program", arguments: hosts)
  func hugeOutput(host: Host) async throws {
    let limit = 1 << 20
    let result = try await run(
      ["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' a; head -c 2000000 /dev/zero >&2"],
      on: host)
    #expect(result.standardOutput.utf8.count == limit)
    #expect(result.standardError.utf8.count == limit)
    #expect(result.cutBytes == 5_000_000 - 2 * limit)
  }

  @Test("a program that doesn't read its input is no error")
  func unreadInput() async throws {
    let result = try await run(
      ["true"], on: .here("local"), input: String(repeating: "x", count: 1 << 20))
    #expect(result.exitCode == 0)
  }

  @Test("255 with the prefix program's words is an unreachable host; without them an exit code")
  func unreachable() async throws {
    try await withDirectory { directory in
      let down = try Host.down("dr", in: directory)
      let error = await #expect(throws: ActionError.self) { try await run(["true"], on: down) }
      #expect(error?.kind == .unreachable)
      #expect(error?.code == "host.unreachable")
      #expect(error?.message.contains("never-up: host dr: unreachable") == true)
    }
    let result = try await run(["sh", "-c", "echo no >&2; exit 255"], on: Self.hosts[1])
    #expect(result.exitCode == 255)
  }

  @Test("a prefix program that isn't there is an unreachable host")
  func missingPrefix() async throws {
    let host = Host(
      site: "dr", name: "a", connection: .exec(through: ["/nonexistent/ssh", "host"]))
    let error = await #expect(throws: ActionError.self) { try await run(["true"], on: host) }
    #expect(error?.kind == .unreachable)
  }

  @Test("a program that isn't there is an error of its own")
  func missingProgram() async throws {
    for program in ["no-such-program-here", "/nonexistent/program"] {
      let error = await #expect(throws: ActionError.self) {
        try await run([program], on: .here("local"))
      }
      #expect(error?.code == "command.not_started")
      #expect(error?.kind == .failed)
    }
  }

  @Test("looking that takes too long is an unreachable target, acting that does is in doubt")
  func timeouts() async throws {
    let brief = ActuatorWorld(
      time: SystemTime(), limits: .init(look: .milliseconds(100), command: .milliseconds(100)))
    try await withDirectory { directory in
      let fifo = "\(directory)/fifo"
      try await shell("mkfifo", fifo)
      // Opening a FIFO that nobody writes to hangs.
      let looking = await #expect(throws: ActionError.self) {
        try await brief.makeObserver().run(.readFile(fifo), on: .here("local"))
      }
      #expect(looking?.code == "command.timed_out")
      #expect(looking?.kind == .unreachable)
      let acting = await #expect(throws: ActionError.self) {
        try await brief.makeOperator(token: "t").run(Command(["cat", fifo]), on: .here("local"))
      }
      #expect(acting?.code == "command.timed_out")
      #expect(acting?.kind == .inDoubt)
    }
  }

  @Test("cancelling ends the whole process group, a grandchild that ignores SIGTERM too")
  func cancelledGroup() async throws {
    try await withDirectory { directory in
      let file = "\(directory)/pid"
      let script =
        "(trap '' TERM; echo $$ > \(file).tmp; exec sh -c 'echo $$ > \(file); exec sleep 1000') & wait"
      let task = Task { try await run(["sh", "-c", script], on: .here("local")) }
      try await eventually("the grandchild") { FileManager.default.fileExists(atPath: file) }
      var pid: pid_t?
      try await eventually("its number") {
        pid = try String(contentsOfFile: file, encoding: .utf8)
          .split(separator: "\n").first.flatMap { pid_t($0) }
        return pid != nil
      }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      let grandchild = try #require(pid)
      try await eventually("its end") { kill(grandchild, 0) != 0 || isZombie(grandchild) }
    }
  }

  @Test("a program that leaves another behind, with its output open, has ended when it ends")
  func leftBehind() async throws {
    let result = try await run(
      ["sh", "-c", "sleep 1000 & echo $!"], on: .here("local"))
    let pid = try #require(pid_t(result.standardOutput.filter(\.isNumber)))
    // It was left behind on purpose: ending is for what was cancelled.
    #expect(kill(pid, 0) == 0)
    #expect(kill(pid, SIGKILL) == 0)
  }

  @Test("what waits for a place among the children can be cancelled, and gives its place on")
  func childLimit() async throws {
    let limit = ConcurrencyLimit(1)
    let (opened, open) = AsyncStream<Void>.makeStream()
    let (started, start) = AsyncStream<Void>.makeStream()
    let first = Task {
      try await limit.withPlace {
        start.finish()
        for await _ in opened {}
      }
    }
    for await _ in started {}
    let waiting = Task { try await limit.withPlace {} }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
    let last = Task { try await limit.withPlace { 7 } }
    open.finish()
    try await first.value
    #expect(try await last.value == 7)
  }

  @Test("more children than the limit never run at once")
  func concurrency() async throws {
    let limit = ConcurrencyLimit(3)
    let gauge = Gauge()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<50 {
        group.addTask {
          try await limit.withPlace {
            gauge.enter()
            await Task.yield()
            gauge.leave()
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(gauge.most <= 3)
    #expect(gauge.now == 0)
  }
}

/// How many are inside, and how many were at most.
private final class Gauge: Sendable {
  private let counts = Mutex((now: 0, most: 0))

  var now: Int { counts.withLock { $0.now } }
  var most: Int { counts.withLock { $0.most } }

  func enter() {
    counts.withLock {
      $0.now += 1
      $0.most = max($0.most, $0.now)
    }
  }

  func leave() { counts.withLock { $0.now -= 1 } }
}

private func isZombie(_ pid: pid_t) -> Bool {
  guard let status = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
    return true
  }
  return status.contains(") Z ")
}
