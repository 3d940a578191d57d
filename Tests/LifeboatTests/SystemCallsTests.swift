import Foundation
import Testing

/// What `lifeboat` and everything that it starts ask of the kernel that could change something.
@Suite("A rehearsal changes nothing, by the system calls")
struct SystemCallsTests {
  private static let calls = [
    "open", "openat", "openat2", "creat", "unlink", "unlinkat", "rename", "renameat", "renameat2",
    "mkdir", "mkdirat", "rmdir", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmodat",
    "chown", "lchown", "fchownat", "utimensat", "truncate", "mknod", "mknodat", "setxattr",
    "mount", "connect", "sendto", "sendmsg", "kill", "tkill", "tgkill",
  ]

  @Test("it writes in the state directory alone, and talks to the hosts' own sockets, to be shown")
  func staysInside() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let failover = Programs.runbook("scheduler-failover")
      for look in [["rehearse", failover], ["rehearse", failover, "--readiness"]] {
        let trace = try await Trace(of: look, in: lab)
        try #require(trace.hostsAsked > 3, "the trace of \(look) has nothing of the probes")
        #expect(trace.offences.isEmpty, "\(look): \(trace.offences.joined(separator: "\n"))")
      }
      // The same eye sees what does change something.
      let acting = try await Trace(
        of: ["execute", Programs.runbook("scheduler-switchover")], in: lab)
      #expect(acting.offences.contains { $0.contains("stop") && $0.contains("sendto") })
      #expect(acting.offences.contains { $0.contains("scheduler.sqlite") && $0.contains("O_RDWR") })
    }
  }

  private struct Trace {
    private let lines: [Substring]
    private let state: String

    init(of command: [String], in lab: TestLab) async throws {
      let file = lab.home + ".strace"
      state = lab.home
      let traced = try await run(
        "strace",
        ["-f", "-qq", "-e", "trace=\(calls.joined(separator: ","))", "-e", "signal=none"]
          + ["-o", file, Programs.lifeboat] + command,
        environment: ["LIFEBOAT_HOME": lab.home, "LIFEBOAT_SITES": lab.inventory])
      #expect(![1, 128 + SIGSYS].contains(traced.code), "\(traced)")
      // The second half of a call that was interrupted has no arguments.
      lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        .filter { !$0.contains("<... ") }
    }

    var hostsAsked: Int { lines.count { $0.contains("connect(") && Self.isHost($0) } }

    /// The calls that a rehearsal has no business to make.
    var offences: [String] { lines.filter { !isAllowed($0) }.map(String.init) }

    private func isAllowed(_ call: Substring) -> Bool {
      guard let name = call.firstMatch(of: /^\d+ +([a-z0-9]+)\(/)?.1 else { return false }
      switch name {
      case "connect":
        // The C library asks for a cache of accounts' names before it reads them itself.
        return Self.isHost(call) || call.contains(#"sun_path="/var/run/nscd/socket""#)
      // To the socket of a host: no other connection is there.
      case "sendto", "sendmsg": return call.contains(#""{\"show\":"#)
      case "kill", "tkill", "tgkill": return call.contains(/, 0\)/)
      case "open", "openat", "openat2":
        return !call.contains(/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC/) || isInside(call)
      default: return isInside(call)
      }
    }

    private static func isHost(_ call: Substring) -> Bool {
      call.contains(/sun_path="\/proc\/self\/fd\/\d+\/host\.sock"/)
    }

    /// Every path that the call names is of the state directory, or a device that keeps nothing.
    private func isInside(_ call: Substring) -> Bool {
      let paths = call.matches(of: /"([^"]*)"/).map { String($0.1) }
      return !paths.isEmpty
        && paths.allSatisfy {
          $0 == state || $0.hasPrefix(state + "/") || ["/dev/null", "/dev/tty"].contains($0)
        }
    }
  }
}
