import Engine
import Foundation
import FoundationXML
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Every parameter that reaches a Windows host or one of its files, to the double of one: values arrive unchanged or are
/// refused, and are never taken for PowerShell, XML or another path. That all ways there carry every text is for
/// `WindowsTransportTests`.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct HostileParameterTests {
  private static let guid = "1B4E28BA-2FA1-41D2-883F-0016D3CCA427"
  private static let hostsFile = #"C:\Windows\System32\drivers\etc\hosts"#

  /// A host of the double, and what tests do there.
  private struct Bench: Sendable {
    let double: WindowsDouble
    let world: ActuatorWorld

    var host: Host { get throws { try double.host(.basic) } }

    func set(_ state: [String: Value]) throws {
      let canary: Value = ["name": .string(HostileValues.canary), "state": "Running"]
      var state = state
      state["services"] = .list((state["services"]?.list ?? []) + [canary])
      try double.set(state)
    }

    /// Looks and acts, as the engine does.
    func perform(_ action: some ActingAction) async throws {
      let seen = try await action.probe(world.makeObserver())
      _ = try await action.act(world.makeOperator(token: "t"), given: seen)
    }

    func make<A: Action>(
      _ type: A.Type, _ values: [String: Value] = [:], on host: Host? = nil
    ) throws -> A {
      let host = try host ?? self.host
      return try A(
        Arguments(
          values, on: .host(host), in: Inventory(sites: [Site(name: "dr", hosts: [host])])))
    }

    /// The value in its place in a file that Lifeboat has written, by an XML reader that isn't ours.
    func inFile(_ path: String, _ query: String) throws -> String? {
      let text = try double.dump()["files"]?.mapping?[path]?.string
      let document = try XMLDocument(xmlString: text ?? "")
      return try document.nodes(forXPath: query).first?.stringValue
    }
  }

  private static func services(_ bench: Bench) -> [HostileValues.Row] {
    [
      .init(parameter: "services", ordinary: "JAMSServer") { text in
        try bench.set(["services": [["name": .string(text), "state": "Running"]]])
        let before = try bench.double.dump()["effects"]?.list?.count ?? 0
        for command in [
          Command(.setStartType, ["services": [.string(text)], "start_type": "manual"]),
          Command(.stopService, ["service": .string(text)]),
          Command(.startService, ["service": .string(text)]),
          Command(.killService, ["service": .string(text)]),
        ] {
          let result = try await bench.world.makeOperator(token: "t").run(
            command, on: bench.host)
          #expect(result.exitCode == 0, "\(result.standardError)")
        }
        let effects =
          try bench.double.dump()["effects"]?.list?.dropFirst(before)
          .compactMap(\.string) ?? []
        #expect(effects.last?.hasPrefix("process.kill:") == true)
        let names = Set(effects.dropLast().map { String($0.drop { $0 != ":" }.dropFirst()) })
        return effects.count == 4 && names.count == 1 ? names.first : "\(effects)"
      }
    ]
  }

  private static func files(_ bench: Bench) -> [HostileValues.Row] {
    [
      .init(parameter: "config.value: file", ordinary: "a b") { text in
        let path = "C:\\x\\\(text).config"
        try bench.set(["files": [path: "<a><b>1</b></a>"]])
        try await bench.perform(
          try bench.make(
            ConfigValue.self, ["file": .string(path), "at": "a/b", "value": "2"]))
        return try bench.inFile(path, "/a/b") == "2" ? text : nil
      },
      .init(parameter: "config.value: at", ordinary: "Server") { text in
        let lines = [text, HostileValues.canary].map {
          "<b k=\"\(HostileValues.escaped($0))\" v=\"1\"/>"
        }
        try bench.set(["files": [#"C:\x.config"#: .string("<a>\(lines.joined())</a>")]])
        try await bench.perform(
          try bench.make(
            ConfigValue.self,
            ["file": #"C:\x.config"#, "at": .string("a/b[@k='\(text)']/@v"), "value": "2"]))
        #expect(try bench.inFile(#"C:\x.config"#, "/a/b[@k='canary']/@v") == "1")
        let expected = lines.joined().replacing("v=\"1\"", with: "v=\"2\"", maxReplacements: 1)
        let now = try bench.double.dump()["files"]?.mapping?[#"C:\x.config"#]?.string
        return now == "<a>\(expected)</a>" ? text : now
      },
      .init(parameter: "config.value: value", ordinary: "sql-2.example") { text in
        try bench.set(["files": [#"C:\x.config"#: "<a><b>1</b><c>kept</c></a>"]])
        try await bench.perform(
          try bench.make(
            ConfigValue.self,
            ["file": #"C:\x.config"#, "at": "a/b", "value": .string(text)]))
        #expect(try bench.inFile(#"C:\x.config"#, "/a/c") == "kept")
        return try bench.inFile(#"C:\x.config"#, "/a/b")
      },
      .init(parameter: "scheduler.config: primary", ordinary: "JAMS-1") { text in
        let path = FailoverConfigFile.windowsPath
        try bench.set([
          "directories": [#"C:\Program Files\MVPSI\JAMS\Scheduler"#: [:]], "files": [:],
        ])
        try await bench.perform(
          try bench.make(
            SchedulerConfig.self, ["primary": .string(text), "secondary": "jams-2"]))
        #expect(try bench.inFile(path, "/FailoverConfig/Secondary") == "jams-2")
        return try bench.inFile(path, "/FailoverConfig/Primary")
      },
      .init(parameter: "hosts_file.entry: name", ordinary: "jams.example") { text in
        try bench.set(["files": [hostsFile: "127.0.0.1\tlocalhost\r\n"]])
        try await bench.perform(
          try bench.make(
            HostsFileEntry.self, ["name": .string(text), "address": "192.0.2.17"]))
        let lines = try bench.double.dump()["files"]?.mapping?[hostsFile]?.string
        return lines == "127.0.0.1\tlocalhost\r\n192.0.2.17\t\(text)\r\n" ? text : lines
      },
      .init(parameter: "guid: file", ordinary: "Server") { text in
        let path = "C:\\x\\\(text).config"
        try bench.set(["files": [path: .string("<a><G>\(guid)</G></a>")]])
        let host = try bench.double.host(.basic, guid: .file(path: path, element: "G"))
        return try await ownGUID(bench, host) == guid ? text : nil
      },
      .init(parameter: "guid: element", ordinary: "InstalledGUID") { text in
        try bench.set([
          "files": [#"C:\x"#: .string("<a><InstalledGUID>\(guid)</InstalledGUID></a>")]
        ])
        let host = try bench.double.host(.basic, guid: .file(path: #"C:\x"#, element: text))
        return try await ownGUID(bench, host) == guid ? text : nil
      },
      .init(parameter: "path.directory: path", ordinary: "logs") { text in
        let path = "C:\\x\\\(text)"
        try bench.set(["directories": [#"C:\x"#: [:]], "files": [:]])
        try await bench.perform(
          try bench.make(PathDirectory.self, ["path": .string(path), "create": true]))
        return try bench.double.dump()["directories"]?.mapping?[path] == nil ? nil : text
      },
    ]
  }

  private static func ownGUID(_ bench: Bench, _ host: Host) async throws -> String? {
    let action = try bench.make(HostGUID.self, on: host)
    let seen = try await action.probe(bench.world.makeObserver())
    guard let found = seen[host.id, FactName.ownGUID]?.string else {
      throw ActionError("guid.gap", seen.gap(host.id, FactName.ownGUID) ?? "")
    }
    return found
  }

  private static func queues(_ bench: Bench) -> [HostileValues.Row] {
    [
      .init(parameter: "queue.permission: queues", ordinary: "jamsrequests") { text in
        let account = #"EXAMPLE\JAMS-2$"#
        try bench.set(["queues": [text: [], "canary": []], "accounts": [.string(account)]])
        try await bench.perform(
          try bench.make(
            QueuePermission.self, ["accounts": [.string(account)], "queues": [.string(text)]]))
        let queues = try bench.double.dump()["queues"]?.mapping ?? [:]
        return queues.first { $0.value != [] }?.key
      },
      .init(parameter: "queue.permission: accounts", ordinary: "JAMS-2$") { text in
        let account = Value.string("EXAMPLE\\\(text)")
        try bench.set(["queues": ["q": []], "accounts": [account, #"EXAMPLE\canary"#]])
        try await bench.perform(
          try bench.make(QueuePermission.self, ["accounts": [account], "queues": ["q"]]))
        let entries = try bench.double.dump()["queues"]?.mapping?["q"]?.list ?? []
        #expect(entries.count == 1)
        return entries.first?.mapping?["account"]?.string.map { String($0.dropFirst(8)) }
      },
    ]
  }

  /// What a host's own file names is nobody's word either.
  private static func names(_ bench: Bench) -> [HostileValues.Row] {
    [
      .init(parameter: "Failover.config: a name that is asked for", ordinary: "jams-1.example") {
        text in
        let hosts = try [bench.double.host(.basic), bench.double.host(.ssh, "production")]
        let config = """
          <FailoverConfig><Primary>\(HostileValues.escaped(text))</Primary>\
          <Secondary>jams-2.example</Secondary><Port>4773</Port><Interval>60</Interval></FailoverConfig>
          """
        for name in ["dr", "production"] {
          try bench.double.set(
            [
              "files": [FailoverConfigFile.windowsPath: .string(config)],
              "names": [text: ["192.0.2.1"], "jams-2.example": ["192.0.2.2"]],
              "ports": ["jams-1.example:4773": "open", "jams-2.example:4773": "open"],
            ], name)
        }
        let pair = try SchedulerPair(
          Arguments(
            ["primary": .string(hosts[0].id), "secondary": .string(hosts[1].id)],
            in: Inventory(sites: [Site(name: "dr", hosts: hosts)])))
        let seen = try await pair.probe(bench.world.makeObserver())
        let asked = seen.facts.compactMap { fact in
          fact.key.property == SchedulerPair.primaryAddresses
            ? seen[fact.key.subject, fact.key.property]?.mapping?["of"]?.string : nil
        }
        guard let name = asked.first else { throw ActionError("config.host_name", "not asked") }
        return name
      },
      .init(parameter: "winrm: user", ordinary: "lifeboat") { text in
        try bench.set([:])
        guard case .winrm(let settings) = try bench.host.connection else { return nil }
        let host = Host(
          site: "dr", name: "dr",
          connection: .winrm(
            settings: WinRMSettings(
              url: settings.url, authentication: .basic, user: text, password: settings.password,
              authority: settings.authority)), os: .windows)
        let result = try await bench.world.makeObserver().run(.windows(.clock), on: host)
        return result.exitCode == 0 ? text : nil
      },
    ]
  }

  @Test("values arrive unchanged or are refused, and nothing is interpreted")
  func rows() async throws {
    try await WindowsDouble.with(["dr", "production"]) { double async throws in
      try await withWorld { world async throws in
        let bench = Bench(double: double, world: world)
        for var row in Self.services(bench) + Self.files(bench) + Self.queues(bench)
          + Self.names(bench)
        {
          row.texts = HostileValues.compound
          try await row.expectSafe()
          let effects = try double.dump()["effects"]?.list?.compactMap(\.string) ?? []
          #expect(!effects.contains("service.stop:\(HostileValues.canary)"), "\(row.parameter)")
          #expect(
            try double.property("state", of: HostileValues.canary) == "Running",
            "\(row.parameter)")
        }
      }
    }
  }
}
