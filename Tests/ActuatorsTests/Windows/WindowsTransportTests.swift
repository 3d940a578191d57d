import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Both ways to Windows hosts, to the double of one.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct WindowsTransportTests {
  private typealias Double = WindowsDouble

  private static let hostileTexts =
    TransportTests.hostileTexts + [
      "‘typo’ “graphic” ‚quotes„", "$(Stop-Service x)", "`$x", "@'\nx\n'@", "\r\n", "a\r\nb",
      "%PATH%", "^&|<>",
      "/Date(0)/", "\\/Date(0)\\/", "2026-11-23T00:00:00", "<![CDATA[x]]>", "&amp;", "]]>",
      "\u{feff}x", "\u{7f}",
      "\u{1}", String(repeating: "x'\"`$(é\n", count: 1250), "#< CLIXML", "\u{2028}", "𝄞",
    ]

  private func read(_ path: String, on host: Host, in world: ActuatorWorld) async throws
    -> CommandResult
  {
    try await world.makeObserver().run(.readText(path, on: host), on: host)
  }

  /// Services that are called so: the name must arrive to be found, and comes back as that of one which depends on it.
  @Test("hostile values arrive unchanged, there and back", arguments: WindowsDouble.Way.allCases)
  func hostileValues(way: WindowsDouble.Way) async throws {
    try await Double.with { double async throws in
      let texts = Self.hostileTexts.filter { !$0.isEmpty }
      let services = texts.flatMap { text -> [Value] in
        [
          ["name": .string(text), "state": "Running"],
          [
            "name": .string("after " + text), "state": "Running",
            "depends_on": [.string(text)],
          ],
        ]
      }
      try double.set(["services": .list(services)])
      var limits = ActuatorWorld.Limits()
      limits.look = .seconds(120)
      try await withWorld(limits) { world async throws in
        let host = try double.host(way, services: texts)
        let observation = Observation(
          try await ServiceFacts(host: host, services: texts).observe(world.makeObserver()))
        for text in texts {
          #expect(observation.serviceState(text, on: host) == .running, "\(text)")
          #expect(observation.dependants(of: text, on: host) == ["after " + text])
        }
        #expect(try double.dump()["effects"] == [])
      }
    }
  }

  @Test(
    "a script's error is told in its words, and the next one runs",
    arguments: WindowsDouble.Way.allCases)
  func errors(way: WindowsDouble.Way) async throws {
    try await Double.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(way)
        let result = try await read("C:\\no such <file>", on: host, in: world)
        #expect(result.exitCode == 1)
        #expect(result.standardError.contains("C:\\no such <file>"))
        try double.set(["files": ["C:\\é.txt": "ü"]])
        #expect(try await read("c:\\É.TXT", on: host, in: world).standardOutput == "ü")
      }
    }
  }

  @Test("a host runs our scripts and nothing else, and a look only those that look")
  func closedList() async throws {
    try await Double.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(.ssh)
        for arguments in [["date"], [Command.windowsScript, "format.disk", "{}"]] {
          let error = await #expect(throws: ActionError.self) {
            try await world.act(arguments, on: host)
          }
          #expect(error?.code.hasPrefix("windows.no_") == true)
        }
        let kill = Command(.killService, ["service": "a"])
        let transport = WindowsTransport(
          host: host, shell: NoShell(), time: world.makeObserver().time)
        let error = await #expect(throws: ActionError.self) {
          try await transport.run(Invocation(arguments: kill.arguments, purpose: .looking))
        }
        #expect(error?.code == "windows.no_script")
      }
    }
  }

  @Test(
    "what is cut off is in doubt, whether or not it was done", arguments: WindowsDouble.Way.allCases
  )
  func cutOff(way: WindowsDouble.Way) async throws {
    try await Double.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(way, services: ["a"])
        for (when, state) in [("before", "Running"), ("after", "Stopped")] {
          try double.set([
            "services": [["name": "a", "state": "Running"]],
            "faults": [["at": "service.stop:a", "when": .string(when), "kind": "cut"]],
          ])
          let error = await #expect(throws: ActionError.self) {
            try await world.makeOperator(token: "t").run(
              Command(.stopService, ["service": "a"]), on: host)
          }
          #expect(error?.kind == .inDoubt, "\(error?.description ?? "")")
          #expect(try double.property("state", of: "a")?.string == state)
          if way != .ssh { try await eventually("the shell is gone") { try double.shells == 0 } }
        }
      }
    }
  }

  @Test(
    "what hangs ends when its time is up or nobody wants it, and leaves nothing",
    arguments: WindowsDouble.Way.allCases)
  func hangs(way: WindowsDouble.Way) async throws {
    try await Double.with { double async throws in
      let stop = Command(.stopService, ["service": "a"])
      let fault: [String: Value] = [
        "services": [["name": "a", "state": "Running"]],
        "faults": [["at": "service.stop:a", "when": "before", "kind": "hang"]],
      ]
      var limits = ActuatorWorld.Limits()
      limits.command = .seconds(3)
      try await withWorld(limits) { world async throws in
        let host = try double.host(way, services: ["a"])
        try double.set(fault)
        let error = await #expect(throws: ActionError.self) {
          try await world.makeOperator(token: "t").run(stop, on: host)
        }
        #expect(error?.code == "command.timed_out")
        #expect(error?.kind == .inDoubt)
        try await eventually("nothing runs") { try double.running == 0 && double.shells == 0 }
      }
      try await withWorld { world async throws in
        let host = try double.host(way, services: ["a"])
        try double.set(fault)
        let task = Task { try await world.makeOperator(token: "t").run(stop, on: host) }
        try await eventually("it runs") { try double.running == 1 }
        #expect(Processes.running(Double.password).isEmpty)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await eventually("nothing runs") { try double.running == 0 && double.shells == 0 }
      }
    }
  }

  @Test("a host that is down is unreachable", arguments: WindowsDouble.Way.allCases)
  func down(way: WindowsDouble.Way) async throws {
    try await Double.with { double async throws in
      try await withWorld { world async throws in
        try double.set(["down": true])
        let host = try double.host(way)
        let error = await #expect(throws: ActionError.self) {
          try await read("x", on: host, in: world)
        }
        #expect(error?.kind == .unreachable, "\(error?.description ?? "")")
      }
    }
  }
}

/// It is asked for nothing.
private struct NoShell: WindowsShell {
  func run(_ words: [String], input: String, for invocation: Invocation) async throws
    -> CommandResult
  {
    Issue.record("it was asked")
    return CommandResult(exitCode: 0, standardOutput: "")
  }
}
