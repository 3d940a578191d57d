import Foundation
import Testing

@testable import Journal

/// Whether holders live, asked of the real `/proc` about real processes.
struct HolderTests {
  private func liveness(_ holder: Holder) throws -> Liveness {
    try HolderCheck.onThisMachine(holder)
  }

  private func altered(
    _ holder: Holder, host: String? = nil, pid: Int? = nil, start: UInt64? = nil,
    bootID: String? = nil, pidNamespace: String? = nil
  ) -> Holder {
    Holder(
      host: host ?? holder.host, pid: pid ?? holder.pid,
      processStart: start ?? holder.processStart, bootID: bootID ?? holder.bootID,
      pidNamespace: pidNamespace ?? holder.pidNamespace, user: holder.user)
  }

  @Test func knowsItself() throws {
    let own = try Holder.current()
    #expect(own.pid == Int(getpid()))
    #expect(!own.host.isEmpty && !own.user.isEmpty && own.bootID.count == 36)
    #expect(own.pidNamespace.hasPrefix("pid:["))
    #expect(try liveness(own) == .alive)
    #expect(try JSON(encoding: own).decode(Holder.self) == own)
  }

  @Test func knowsAProcessThatIsGone() throws {
    let child = try Child()
    let holder = try Holder.describing(pid: child.pid)
    #expect(try liveness(holder) == .alive)
    child.kill()
    // A zombie, as its parent, this test, has not asked for its end yet.
    try waitUntil { try liveness(holder) == .dead }
    #expect(ProcessStat(pid: child.pid)?.state == "Z")
    child.reap()
    #expect(ProcessStat(pid: child.pid) == nil)
    #expect(try liveness(holder) == .dead)
  }

  @Test func knowsAPidThatWasUsedAgain() throws {
    let own = try Holder.current()
    #expect(try liveness(altered(own, start: own.processStart + 1)) == .dead)
  }

  @Test func knowsAMachineThatWasStartedAgain() throws {
    let own = try Holder.current()
    let before = "00000000-0000-0000-0000-000000000000"
    #expect(try liveness(altered(own, bootID: before)) == .dead)
    #expect(try liveness(altered(own, host: "elsewhere", bootID: before)) == .unknown)
  }

  /// The same kernel in another container: its pids mean something else here.
  @Test func cannotTellOfAnotherNamespace() throws {
    let own = try Holder.current()
    #expect(try liveness(altered(own, start: 1, pidNamespace: "pid:[1]")) == .unknown)
  }

  /// To kill(2), 0 and -1 are no processes.
  @Test(arguments: [0, -1, Int.max])
  func cannotTellOfWhatIsNoPid(pid: Int) throws {
    #expect(try liveness(altered(try Holder.current(), pid: pid)) == .unknown)
  }

  @Test func readsProcessesOfAnyName() {
    let numbers = (5...52).map { "\($0)" }.joined(separator: " ")
    let stat = ProcessStat(line: "42 (a) Z 1 (b) S 4 \(numbers)")
    #expect(stat?.state == "S")
    #expect(stat?.threads == 20)
    #expect(stat?.start == 22)
    #expect(ProcessStat(line: "42 (cut) S 1 2") == nil)
    #expect(ProcessStat(line: "") == nil)
  }

  /// The whole story: a holder is killed, and its lease is taken over at once.
  @Test func aKilledHolderLosesItsLease() async throws {
    let directory = try TemporaryDirectory()
    let journal = try Journal.open(directory: directory.path)
    let child = try Child()
    let time = Timestamp(microsecondsSince1970: 0)
    let until = time.advanced(by: .seconds(86_400))
    let victim = try Holder.describing(pid: child.pid)
    let lease = try await journal.acquire(["dr"], for: victim, at: time, until: until)
    let own = try Holder.current()
    let refused = await journalCode {
      _ = try await journal.acquire(["dr"], for: own, at: time, until: until)
    }
    #expect(refused == .leaseHeld)

    child.kill()
    try waitUntil { try liveness(victim) == .dead }
    let taken = try await journal.acquire(["dr"], for: own, at: time, until: until)
    #expect(taken.epoch == lease.epoch + 1)
    #expect(taken.replaced == [victim])
    child.reap()
    try journal.close()
  }

  /// A process dies as in a power cut, right after an append: what it wrote is there, its lease
  /// isn't in the way.
  @Test func aCrashKeepsWhatWasAppended() async throws {
    let directory = try TemporaryDirectory()
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = directory.path as String] in
      let journal = try Journal.open(directory: path)
      let time = Timestamp(microsecondsSince1970: 0)
      let lease = try await journal.acquire(
        ["dr"], for: Holder.current(), at: time, until: time.advanced(by: .seconds(60)))
      for number in 0..<3 { try await journal.append(.sample(number), under: lease) }
      kill(getpid(), SIGKILL)
    }
    let journal = try Journal.open(directory: directory.path)
    #expect(try await journal.verify().isSound)
    #expect(try await journal.entries().collect().map(\.epoch) == [1, 1, 1])
    let time = Timestamp(microsecondsSince1970: 1)
    let lease = try await journal.acquire(["dr"], for: try Holder.current(), at: time, until: time)
    #expect(lease.epoch == 2)
    #expect(lease.replaced.count == 1)
    try journal.close()
  }

  private func waitUntil(_ condition: () throws -> Bool) throws {
    let deadline = ContinuousClock.now.advanced(by: .seconds(10))
    while try !condition() {
      try #require(ContinuousClock.now < deadline)
      sched_yield()
    }
  }
}

/// A child process that does nothing until it is killed, or this process ends; a zombie from then
/// on, until it is reaped.
///
/// Spawned by hand, because Foundation's `Process` learns of an end through a socket that other
/// tests' children may inherit.
final class Child {
  let pid: Int
  private let input = Pipe()
  private var isReaped = false

  init() throws {
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    // `cat` ends with the pipe that it reads from, and keeps none of the test's own outputs open.
    posix_spawn_file_actions_adddup2(&files, input.fileHandleForReading.fileDescriptor, 0)
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0)
    posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0)

    var pid: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("cat"), nil]
    defer { for argument in arguments { free(argument) } }
    let status = posix_spawn(&pid, "/bin/cat", &files, nil, &arguments, nil)
    try #require(status == 0)
    self.pid = Int(pid)
  }

  func kill() {
    guard !isReaped else { return }
    _ = Foundation.kill(pid_t(pid), SIGKILL)
  }

  func reap() {
    guard !isReaped else { return }
    waitpid(pid_t(pid), nil, 0)
    isReaped = true
  }

  deinit {
    kill()
    reap()
  }
}
