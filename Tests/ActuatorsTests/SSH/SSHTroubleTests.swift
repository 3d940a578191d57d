import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// What goes wrong on the way to a host, with a real sshd that makes it so.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct SSHTroubleTests {
  private func failure(
    _ body: () async throws -> CommandResult, sourceLocation: SourceLocation = #_sourceLocation
  ) async -> ActionError? {
    await #expect(throws: ActionError.self, sourceLocation: sourceLocation) {
      _ = try await body()
    }
  }

  // MARK: - Getting there

  @Test(
    "a closed port, an unknown name, a refused key: each has its own words, and nothing was done")
  func refusals() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let config = try SSHServer.read("\(server.directory)/ssh_config")
        let port = try FreePort.find()
        try SSHServer.write(
          config.replacing("Port \(server.port)", with: "Port \(port)"),
          "\(server.directory)/closed")
        let closed = await failure {
          try await world.act(
            ["true"], on: server.host(configuration: "\(server.directory)/closed"))
        }
        #expect(closed?.kind == .unreachable)
        #expect(closed?.message.contains("refused") == true)

        let unknown = await failure {
          try await world.act(["true"], on: server.host(to: "no-such-host.invalid"))
        }
        #expect(unknown?.kind == .unreachable)
        #expect(unknown?.message.contains("does not resolve") == true)

        try await shell(
          "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "\(server.directory)/other_key")
        try SSHServer.write(
          config.replacing("client_key", with: "other_key"), "\(server.directory)/stranger")
        let refused = await failure {
          try await world.act(
            ["true"], on: server.host(configuration: "\(server.directory)/stranger"))
        }
        #expect(refused?.code == "host.authentication")
        #expect(refused?.kind == .failed)
      }
    }
  }

  @Test(
    "an unknown or changed host key is never accepted, whatever ssh_config says",
    arguments: ["unknown", "changed"])
  func hostKey(case name: String) async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let known = "\(server.directory)/known_hosts"
        if name == "unknown" {
          try SSHServer.write("", known)
        } else {
          let other = try SSHServer.read("\(server.directory)/client_key.pub")
          try SSHServer.write("[127.0.0.1]:\(server.port) \(other)", known)
        }
        let lax = "StrictHostKeyChecking no\nNoHostAuthenticationForLocalhost yes\n"
        try SSHServer.write(
          lax + (try SSHServer.read("\(server.directory)/ssh_config")), "\(server.directory)/lax")
        let error = await failure {
          try await world.act(
            ["true"], on: server.host(configuration: "\(server.directory)/lax"))
        }
        #expect(error?.code == "host.key")
        #expect(error?.advice?.contains("StrictHostKeyChecking") == false)
        #expect(error?.message.contains(name == "unknown" ? "not known" : "another") == true)
      }
    }
  }

  @Test("a jump host is used, and its key is checked as strictly")
  func jumpHost() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let config = try SSHServer.read("\(server.directory)/ssh_config")
        try SSHServer.write(
          "Host behind\n  HostName 127.0.0.1\n  Port \(server.port)\n  ProxyJump server\n" + config,
          "\(server.directory)/jump")
        let jump = "\(server.directory)/jump"
        let behind = server.host(to: "behind", configuration: jump)
        let result = try await world.act(["echo", "there"], on: behind)
        #expect(result.standardOutput == "there\n")
      }
      try await withWorld { world async throws in
        let config = try SSHServer.read("\(server.directory)/ssh_config")
        let port = server.port
        try SSHServer.write(
          """
          StrictHostKeyChecking no
          Host gate
            HostName 127.0.0.1
            Port \(port)
            UserKnownHostsFile /dev/null
          Host behind
            HostName 127.0.0.1
            Port \(port)
            ProxyJump gate

          """ + config, "\(server.directory)/gate")
        let error = await failure {
          try await world.act(
            ["true"],
            on: server.host(to: "behind", configuration: "\(server.directory)/gate"))
        }
        #expect(error?.code == "host.key")
      }
    }
  }

  @Test(
    "a server that accepts and says nothing is unreachable in time; who waited isn't made to wait again"
  )
  func frozen() async throws {
    try await SSHServer.with { server async throws in
      server.signalAll(SIGSTOP)
      try await withWorld { world async throws in
        let host = server.host(connectTimeout: "2s")
        let start = ContinuousClock().now
        await withTaskGroup(of: ActionError?.self) { group in
          for _ in 0..<8 {
            group.addTask { await failure { try await world.act(["true"], on: host) } }
          }
          for await error in group {
            #expect(error?.kind == .unreachable)
            #expect(error?.code == "host.unreachable")
          }
        }
        #expect(ContinuousClock().now - start < .seconds(12))
      }
    }
  }

  @Test("an account without a shell says so")
  func noShell() async throws {
    try await SSHServer.with(["ForceCommand echo 'no shell for you' >&2; exit 1"]) { server in
      try await withWorld { world async throws in
        let error = await failure { try await world.act(["true"], on: server.host()) }
        #expect(error?.code == "host.shell")
        #expect(error?.message.contains("no shell for you") == true)
      }
    }
  }

  @Test("a host without the tools that run a command says so, and nothing was done")
  func noTools() async throws {
    try await withDirectory { directory in
      try await shell("ln", "-s", "/bin/sh", "\(directory)/sh")
      try await SSHServer.with(["ForceCommand exec env PATH=\(directory) sh"]) { server in
        try await withWorld { world async throws in
          let error = await failure { try await world.act(["/bin/true"], on: server.host()) }
          #expect(error?.code == "host.tools")
        }
      }
    }
  }

  // MARK: - On the way

  @Test("a connection lost during a command: looking could not ask, acting is in doubt")
  func lostMidCommand() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let fifo = "\(server.directory)/fifo"
        try await shell("mkfifo", fifo)
        async let looking = failure { try await world.look(["cat", fifo], on: server.host()) }
        async let acting = failure { try await world.act(["cat", fifo], on: server.host()) }
        try await eventually("both commands") {
          server.descendants().filter { Processes.name($0) == "cat" }.count == 2
        }
        for pid in server.descendants() where Processes.name(pid) == "sshd" { kill(pid, SIGKILL) }
        let (look, act) = await (looking, acting)
        #expect(look?.kind == .unreachable)
        #expect(look?.code == "command.lost")
        #expect(act?.kind == .inDoubt)
        #expect(act?.code == "command.lost")
        for pid in Processes.running(fifo) { kill(pid, SIGKILL) }
        // The connection is opened anew.
        #expect(
          try await world.act(["echo", "again"], on: server.host()).standardOutput == "again\n")
      }
    }
  }

  @Test("a connection that died while nobody used it is opened anew, and nothing is in doubt")
  func lostWhileIdle() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        #expect(try await world.look(["true"], on: server.host()).exitCode == 0)
        for pid in server.descendants() { kill(pid, SIGKILL) }
        #expect(try await world.act(["true"], on: server.host()).exitCode == 0)
        for pid in server.descendants() { kill(pid, SIGKILL) }
        #expect(try await world.look(["true"], on: server.host()).exitCode == 0)
      }
    }
  }

  @Test("a host that goes silent is lost after the silence that is allowed")
  func silence() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let host = server.host(silenceTimeout: "3s")
        async let acting = failure { try await world.act(["sleep", "1000"], on: host) }
        try await eventually("the command") {
          server.descendants().contains { Processes.name($0) == "sleep" }
        }
        for pid in server.descendants() where Processes.name(pid) == "sshd" { kill(pid, SIGSTOP) }
        let error = await acting
        #expect(error?.kind == .inDoubt)
        #expect(error?.code == "command.lost")
      }
    }
  }

  // MARK: - Ending commands

  @Test(
    "a cancelled command's processes are gone, grandchildren that ignore SIGTERM too",
    arguments: [Elevation.none, .sudo])
  func cancelled(elevation: Elevation) async throws {
    guard elevation == .none || FileManager.default.isExecutableFile(atPath: "/usr/bin/sudo") else {
      return
    }
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let marker = "4321\(server.port)"
        let script = "(trap '' TERM; exec sleep \(marker)) & sleep \(marker) & wait"
        let host = server.host(elevation: elevation)
        let task = Task { try await world.act(["sh", "-c", script], on: host) }
        let isSleep: (pid_t) -> Bool = {
          Processes.name($0) == "sleep" && Processes.arguments($0).contains(marker)
        }
        try await eventually("both") { Processes.running(marker).filter(isSleep).count == 2 }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await eventually("their end", within: .seconds(3)) {
          Processes.running(marker).filter(isSleep).isEmpty
        }
        #expect(try await world.act(["echo", "again"], on: host).standardOutput == "again\n")
      }
    }
  }

  @Test(
    "a command that is cancelled the moment it begins is ended, too",
    arguments: [UInt64.random(in: 0 ... .max)])
  func cancelledAtOnce(seed: UInt64) async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let marker = "4322\(server.port)"
        var random = SeededGenerator(seed: seed)
        for _ in 1...20 {
          // The channel is there: what is cancelled is the command, and not the way to the host.
          _ = try await world.act(["true"], on: server.host())
          let task = Task { try await world.act(["sleep", marker], on: server.host()) }
          try await randomMoment(upTo: .milliseconds(12), using: &random)
          task.cancel()
          await #expect(throws: CancellationError.self) { try await task.value }
        }
        try await eventually("their end", within: .seconds(10)) {
          Processes.running(marker).filter { Processes.name($0) == "sleep" }.isEmpty
        }
      }
    }
  }

  @Test("a command that takes too long is ended on the host")
  func timedOut() async throws {
    try await SSHServer.with { server async throws in
      let limits = ActuatorWorld.Limits(look: .milliseconds(200), command: .milliseconds(200))
      try await withWorld(limits) { world async throws in
        let fifo = "\(server.directory)/fifo"
        try await shell("mkfifo", fifo)
        let looking = await failure { try await world.look(["cat", fifo], on: server.host()) }
        #expect(looking?.code == "command.timed_out")
        #expect(looking?.kind == .unreachable)
        let acting = await failure { try await world.act(["cat", fifo], on: server.host()) }
        #expect(acting?.code == "command.timed_out")
        #expect(acting?.kind == .inDoubt)
        #expect(Processes.running(fifo).filter { Processes.name($0) == "cat" }.isEmpty)
      }
    }
  }

  @Test("what an ended command left behind doesn't write into the next one's output")
  func leftBehind() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        let script = "(while :; do echo stray; echo stray >&2; sleep 0.01; done) & echo $!"
        let result = try await world.act(["sh", "-c", script], on: server.host())
        let pid = try #require(
          result.standardOutput.split(separator: "\n").first { $0 != "stray" }.flatMap { pid_t($0) }
        )
        defer { kill(pid, SIGKILL) }
        for _ in 0..<20 {
          let next = try await world.look(["uname"], on: server.host())
          #expect(next.standardOutput == "Linux\n")
          #expect(next.standardError == "")
        }
      }
    }
  }

  @Test("what a command left behind isn't ended with a later one on the same channel")
  func leftBehindLives() async throws {
    try await SSHServer.with { server async throws in
      let limits = ActuatorWorld.Limits(look: .seconds(5), command: .milliseconds(500))
      try await withWorld(limits) { world async throws in
        let host = server.host()
        let left = try await world.act(["sh", "-c", "sleep 1000 & echo $!"], on: host)
        let pid = try #require(pid_t(left.standardOutput.trimmingCharacters(in: .newlines)))
        defer { kill(pid, SIGKILL) }
        let late = await failure { try await world.act(["sleep", "1000"], on: host) }
        #expect(late?.code == "command.timed_out")
        #expect(Processes.name(pid) == "sleep")
      }
    }
  }

  @Test("acts one after the other need one session")
  func oneSession() async throws {
    try await SSHServer.with { server async throws in
      try await withWorld { world async throws in
        var shells: Set<pid_t> = []
        for _ in 0..<3 {
          _ = try await world.act(["true"], on: server.host())
          // A shell's own children, which are shells for a moment, don't count: sshd starts one a session.
          let begun = server.descendants().filter { pid in
            Processes.name(pid) == "sh"
              && Processes.parent(of: pid).map { Processes.name($0) == "sshd" } == true
          }
          shells.formUnion(begun)
        }
        #expect(shells.count == 2, "one that carries the connection, and one for commands")
      }
    }
  }

  @Test("a runner that is killed leaves nothing behind")
  func killedRunner() async throws {
    try await SSHServer.with { server async throws in
      let (directory, port) = (server.directory, server.port)
      let file = "\(directory)/runner"
      await #expect(processExitsWith: .signal(SIGKILL)) {
        [directory = directory as String, port = port as Int, file = file as String] in
        let server = SSHServer(directory: directory, port: port, pid: 0)
        let world = ActuatorWorld(time: SystemTime())
        _ = try await world.act(["true"], on: server.host())
        _ = try await world.look(["true"], on: server.host())
        try SSHServer.write("\(getpid())", file)
        kill(getpid(), SIGKILL)
      }
      let runner = try SSHServer.read(file).filter(\.isNumber)
      try await eventually("its ssh clients' end", within: .seconds(5)) {
        Processes.running("lifeboat-ssh-\(runner)-").isEmpty
      }
      try await eventually("the sessions' end", within: .seconds(5)) {
        server.descendants().isEmpty
      }
      // The next runner tidies up.
      try await withWorld { world async throws in
        #expect(try await world.act(["true"], on: server.host()).exitCode == 0)
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: "/tmp")
        .filter { $0.hasPrefix("lifeboat-ssh-\(runner)-") }
      #expect(left == [])
    }
  }
}
