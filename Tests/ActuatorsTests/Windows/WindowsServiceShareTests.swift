import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `path.shared` under a service's own account, upon the double of Windows hosts, whose sessions see no share themselves.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct WindowsServiceShareTests {
  private static let share = #"\\files\logs"#
  private static let folder = "it's $(c) `d`; é 𝄞 & %PATH% ^ {y}"
  private static let directory = share + "\\" + folder
  private static let service = "JAMSScheduler"
  private static let machines = ["dr", "production"]

  private func setUp(
    _ double: WindowsDouble, _ real: String, account: String = "LocalSystem",
    closedTo: [Value] = [], service: String = service
  ) throws {
    let folder = "\(real)/\(Self.folder)"
    if !FileManager.default.fileExists(atPath: folder) {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: false)
    }
    for name in Self.machines {
      try double.set(
        [
          "shares": [
            Self.share: [
              "directory": .string(real), "denied": true, "closed_to": .list(closedTo),
            ]
          ],
          "directories": [#"C:\ProgramData"#: [:]],
          "services": [
            ["name": .string(service), "account": .string(account)],
            ["name": .string(HostileValues.canary), "state": "Running"],
          ],
          "accounts": [#"EXAMPLE\jams$"#],
        ], name)
    }
  }

  private func shared(
    _ at: [(Host, String)], service: String = service
  ) throws -> PathShared {
    try PathShared(
      Arguments(
        [
          "path": "logs", "between": .list(at.map { .string($0.0.id) }),
          "as_service": .string(service),
        ],
        in: Inventory(
          sites: Dictionary(grouping: at.map(\.0), by: \.site).map { Site(name: $0, hosts: $1) },
          paths: [
            SharedPath(
              name: "logs", at: Dictionary(uniqueKeysWithValues: at.map { ($0.0.id, $0.1) }))
          ])))
  }

  private func both(
    _ double: WindowsDouble, service: String = service
  ) throws -> PathShared {
    try shared(
      [
        (double.host(.ntlm, "production"), Self.directory), (double.host(.basic), Self.directory),
      ], service: service)
  }

  private func tasks(_ double: WindowsDouble) throws -> [Value] {
    try Self.machines.flatMap { try double.dump($0)["tasks"]?.list ?? [] }
  }

  private func inShare(_ real: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: "\(real)/\(Self.folder)").sorted()
  }

  private func within(
    _ body: @Sendable (WindowsDouble, ActuatorWorld, String) async throws -> Void
  ) async throws {
    try await withDirectory { real async throws in
      try await WindowsDouble.with(Self.machines) { double async throws in
        try setUp(double, real)
        try await withWorld(.init()) { world async throws in try await body(double, world, real) }
      }
    }
  }

  @Test(
    "it conforms where the session itself is denied, and leaves no task and no probe file",
    arguments: ["LocalSystem", #"EXAMPLE\jams$"#])
  func conforms(account: String) async throws {
    try await within { double, world, real in
      try setUp(double, real, account: account)
      let action = try both(double)
      let findings = try await Conformance(action, in: world) {
        try Self.machines.map { try double.dump($0)["files"]?.mapping?.keys.sorted() ?? [] }
      }.findings()
      #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
      #expect(try tasks(double) == [])
      #expect(try inShare(real) == [])
      let effects = try double.dump()["effects"]?.list?.compactMap(\.string) ?? []
      #expect(effects.contains { $0.hasPrefix("task.start:") })
    }
  }

  @Test("with a Linux host, which has the share mounted")
  func withLinux() async throws {
    try await within { double, world, real in
      let linux = Host(site: "office", name: "linux", connection: .local)
      let action = try shared([
        (try double.host(.basic), Self.directory), (linux, "\(real)/\(Self.folder)"),
      ])
      for token in ["once", "again"] {
        let seen = try await action.probe(world.makeObserver())
        _ = try await action.act(world.makeOperator(token: token), given: seen)
      }
      #expect(action.judge(try await action.probe(world.makeObserver())).isSatisfied)
      #expect(try inShare(real) == [".lifeboat-share"])
      #expect(try tasks(double) == [])
    }
  }

  @Test("what one account saw is no proof for another; one that needs a password is blocked")
  func accounts() async throws {
    try await within { double, world, real in
      let action = try both(double)
      func verdict(_ action: PathShared) async throws -> Verdict {
        action.judge(try await action.probe(world.makeObserver()))
      }
      let seen = try await action.probe(world.makeObserver())
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
      #expect(try await verdict(action).isSatisfied)
      for (account, expected) in [
        (#"NT AUTHORITY\NetworkService"#, "needed"), (#"EXAMPLE\jams"#, "blocked"),
        (#"NT SERVICE\JAMSScheduler"#, "blocked"), ("LocalSystem", "satisfied"),
      ] {
        let kept = try Self.machines.map { try double.dump($0)["files"] ?? [:] }
        try setUp(double, real, account: account)
        #expect(try Self.machines.map { try double.dump($0)["files"] ?? [:] } == kept)
        #expect(try await verdict(action).name == expected, "\(account)")
      }
      #expect(try await verdict(both(double, service: "none")).name == "unknown")
      let here = Host.here("dr")
      let linux = Host(site: "office", name: "linux", connection: .local)
      #expect(throws: ActionError.self) { try shared([(here, real), (linux, real)]) }
    }
  }

  @Test("what goes wrong is told, and no task stays")
  func trouble() async throws {
    try await within { double, world, real in
      let action = try both(double)
      let seen = try await action.probe(world.makeObserver())
      func attempt() async throws -> ActionError? {
        await #expect(throws: ActionError.self) {
          _ = try await action.act(world.makeOperator(token: "t"), given: seen)
        }
      }
      try setUp(double, real, closedTo: ["S-1-5-18"])
      let denied = try await attempt()
      #expect(denied?.code == "path.service_account")
      #expect(denied?.message.contains("access denied (0x80070005)") == true, "\(denied as Any)")
      #expect(try tasks(double) == [])
      try setUp(double, real)
      try double.set(["tasks_hang": true], "production")
      let hung = try await attempt()
      #expect(hung?.code == "path.task")
      #expect(hung?.message.contains("did not end in time") == true, "\(hung as Any)")
      #expect(try tasks(double) == [])
      try double.set(["tasks_hang": false], "production")
      // The connection is lost before the task is removed: the next attempt of the step finds it by its name.
      try double.set(
        ["faults": [["at": "task.remove:*", "when": "before", "kind": "cut"]]], "production")
      #expect(try await attempt() != nil)
      let left = try tasks(double)
      #expect(left == [".lifeboat-probe-task-t"])
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
      #expect(try tasks(double) == [])
      #expect(try inShare(real) == [])
    }
  }

  @Test("a service's name arrives unchanged or is refused, and nothing is interpreted")
  func hostileNames() async throws {
    try await within { double, world, real in
      var row = HostileValues.Row(parameter: "path.shared: as_service", ordinary: Self.service) {
        text in
        try setUp(double, real, service: text)
        for name in Self.machines { try double.set(["files": [:]], name) }
        for file in try inShare(real) {
          try FileManager.default.removeItem(atPath: "\(real)/\(Self.folder)/\(file)")
        }
        let action = try both(double, service: text)
        let seen = try await action.probe(world.makeObserver())
        guard case .needed = action.judge(seen) else {
          throw ActionError("path.unseen", "\(action.judge(seen))")
        }
        _ = try await action.act(world.makeOperator(token: "t"), given: seen)
        return action.judge(try await action.probe(world.makeObserver())).isSatisfied ? text : nil
      }
      row.texts = HostileValues.compound
      try await row.expectSafe()
      for name in Self.machines {
        let effects = try double.dump(name)["effects"]?.list?.compactMap(\.string) ?? []
        #expect(effects.contains { $0.hasPrefix("task.start:") })
        #expect(!effects.contains { $0.hasPrefix("service.stop:") }, "\(effects)")
      }
    }
  }

  @Test("a rehearsal makes no task, also where probe files are allowed")
  func rehearsal() async throws {
    try await within { double, world, real in
      let action = try both(double)
      let proved = try await action.prove(
        world.makeProbeFileWriter(token: "t"), observer: world.makeObserver())
      #expect(action.judge(proved).name == "needed")
      for name in Self.machines { #expect(try double.dump(name)["effects"]?.list == []) }
      try double.set(["down": true])
      #expect(try await UnreachableConformance(action, in: world).findings() == [])
    }
  }
}
