import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `scheduler.config` and `scheduler.pair`, on files of this machine and of the double of Windows hosts.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct SchedulerConfigTests {
  private static let path = FailoverConfigFile.windowsPath
  private static let written = """
    <?xml version="1.0"?>\r
    <!-- kept: <Port>1</Port> -->\r
    <FailoverConfig>\r
      <Primary> JAMS-1 </Primary>\r
      <Secondary>old</Secondary><Extra a="1"/>\r
      <Port>4773</Port>\r
      <Interval>60</Interval>\r
    </FailoverConfig>\r

    """
  private static let good =
    "<FailoverConfig><Primary>JAMS-1</Primary><Secondary>jams-2</Secondary><Port>4773</Port><Interval>60</Interval></FailoverConfig>"

  private func config(_ host: Host, _ values: [String: Value] = [:]) throws -> SchedulerConfig {
    try SchedulerConfig(
      Arguments(
        ["primary": "JAMS-1", "secondary": "jams-2"].merging(values) { $1 }, on: .host(host),
        in: Inventory(sites: [Site(name: host.site, hosts: [host])])))
  }

  private func pair(_ hosts: [Host], _ values: [String: Value] = [:]) throws -> SchedulerPair {
    try SchedulerPair(
      Arguments(
        [
          "primary": .string(hosts[0].id), "secondary": .string(hosts[1].id),
        ].merging(values) { $1 }, in: Inventory(sites: [Site(name: hosts[0].site, hosts: hosts)])))
  }

  // MARK: - scheduler.config

  @Test(
    "it is made where it is missing, and set where it is there, by each way",
    arguments: [WindowsDouble.Way.ssh, .ntlm])
  func windows(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let action = try config(double.host(way))
        for before in [nil, Self.written] {
          try double.set([
            "directories": [#"C:\Program Files\MVPSI\JAMS\Scheduler"#: [:]],
            "files": .mapping(before.map { [Self.path: .string($0)] } ?? [:]),
          ])
          let findings = try await Conformance(action, in: world) {
            try double.dump()["files_base64"]
          }.findings()
          #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
          let files = try #require(try double.dump()["files"]?.mapping)
          #expect(files[Self.path + ".lifeboat-backup"]?.string == before)
          let text = try #require(files[Self.path]?.string)
          if before != nil {
            #expect(text == Self.written.replacing(">old<", with: ">jams-2<"))
          } else {
            #expect(text.filter { !$0.isWhitespace } == Self.good)
            #expect(text.contains("\r\n"))
          }
        }
      }
    }
  }

  @Test("the same on this machine; what it set is taken back exactly, a file that it made is not")
  func here() async throws {
    try await withDirectory { directory in
      let path = "\(directory)/Failover.config"
      let action = try config(
        .here("dr"), ["file": .string(path), "port": 5000, "interval": 30])
      try await withWorld { world async throws in
        let missing = try await action.probe(world.makeObserver())
        for before in [nil, Self.written] {
          if let before { try before.write(toFile: path, atomically: true, encoding: .utf8) }
          let seen = try await action.probe(world.makeObserver())
          let findings = try await Conformance(action, in: world) {
            try DirectorySnapshot(of: directory)
          }.findings()
          #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
          let now = try await action.probe(world.makeObserver())
          #expect(action.undo(restoring: missing, from: now) == nil)
          #expect(action.undo(restoring: now, from: now) == [])
          guard before != nil else { continue }
          #expect(
            action.undo(restoring: seen, from: now) == [
              UndoStep(
                "scheduler.config", .host(.here("dr")),
                [
                  "file": .string(path), "primary": "JAMS-1", "secondary": "old", "port": 4773,
                  "interval": 60,
                ])
            ])
        }
      }
    }
  }

  @Test("what is no configuration is refused, and a file that isn't understood is left alone")
  func refused() async throws {
    try await withDirectory { directory in
      let path = "\(directory)/Failover.config"
      let long = String(repeating: "x", count: 10_000)
      for values: [String: Value] in [
        ["primary": "JAMS-2"], ["primary": "a b"], ["secondary": "$(x)"], ["secondary": "a<b"],
        ["secondary": "-x"], ["primary": .string(long)], ["port": 0], ["port": 65_536],
        ["interval": 0], ["file": "Failover.config"], ["primary": ""],
      ] {
        #expect(throws: ActionError.self, "\(values)") {
          try config(.here("dr"), ["file": .string(path)].merging(values) { $1 })
        }
      }
      #expect(throws: ActionError.self) { try config(.here("dr")) }
      let action = try config(.here("dr"), ["file": .string(path)])
      let entity = #"<!DOCTYPE f [<!ENTITY e SYSTEM "file:///etc/hostname">]>"#
      for (text, verdict) in [
        (Self.good.replacing("<Port>4773</Port>", with: ""), "blocked"), ("", "unknown"),
        (entity + Self.good.replacing("JAMS-1", with: "&e;"), "unknown"),
        (Self.good.replacing("JAMS-1", with: "&e;"), "unknown"),
        (Self.good.replacing("<Port>", with: "<Port>1</Port><Port>"), "unknown"),
        (Self.good + String(repeating: " ", count: 70_000), "unknown"),
      ] {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try await withWorld { world async throws in
          let seen = try await action.probe(world.makeObserver())
          #expect(action.judge(seen).name == verdict, "\(text.prefix(200))")
          #expect(action.operations(given: seen).isEmpty)
        }
      }
    }
  }

  // MARK: - scheduler.pair

  private func setUp(_ double: WindowsDouble) throws {
    for name in ["dr", "production"] {
      try double.set(
        [
          "files": [Self.path: .string(Self.good)],
          "names": ["JAMS-1": ["192.0.2.1"], "jams-2": ["192.0.2.2", "2001:db8::2"]],
          "ports": ["JAMS-1:4773": "open", "jams-2:4773": "open"],
        ], name)
    }
  }

  @Test("a pair that is right: satisfied, with the time to takeover")
  func rightPair() async throws {
    try await WindowsDouble.with(["dr", "production"]) { double async throws in
      try setUp(double)
      try await withWorld { world async throws in
        let action = try pair([double.host(.ntlm, "production"), double.host(.ssh)])
        let findings = try await Conformance(action, in: world) {
          try [double.dump()["files"], double.dump("production")["files"]]
        }.findings()
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
        let verdict = action.judge(try await action.probe(world.makeObserver()))
        #expect(verdict.isSatisfied, "\(verdict)")
        #expect("\(verdict)".contains("120 to 180 s after the primary"), "\(verdict)")
        // What a step before would set was not looked at yet, whatever was.
        let other = try config(double.host(.ssh), ["primary": "jams-3"])
        let predicted = try #require(
          other.predict(try await other.probe(world.makeObserver())))
        let rehearsed = try await action.probe(world.makeObserver())
          .overlaid(with: predicted.facts)
        #expect(
          action.report(rehearsed).findings.map(\.code).contains("network.lookup"))
      }
    }
  }

  @Test("each thing that can be wrong with a pair is found, and told by its own code")
  func wrongPairs() async throws {
    func file(_ old: String, _ new: String) -> [String: Value] {
      ["files": [Self.path: .string(Self.good.replacing(old, with: new))]]
    }
    // What is set at the DR site; at both, where it must be the same.
    let cases: [(state: [String: Value], both: Bool, code: String, verdict: String)] = [
      (["files": [:]], false, "config.missing", "blocked"),
      (file("4773", "4774"), false, "config.differs", "blocked"),
      (file("<Interval>60</Interval>", ""), false, "config.differs", "blocked"),
      (
        file("</FailoverConfig>", "<!-- x --></FailoverConfig>"), false, "config.text_differs",
        "satisfied"
      ),
      (file("</FailoverConfig>", "\r\n</FailoverConfig>\r\n"), true, "config.same", "satisfied"),
      (file("<Interval>60</Interval>", ""), true, "config.no_interval", "satisfied"),
      (file("60", "14"), true, "config.short_interval", "satisfied"),
      (file("60", "soon"), true, "config.interval", "blocked"),
      (file("4773", "0"), true, "config.port", "blocked"),
      (file("<Port>4773</Port>", ""), true, "config.port", "blocked"),
      (file("jams-2", "Jams-1"), true, "config.one_scheduler", "blocked"),
      (file("jams-2", "a b"), true, "config.host_name", "blocked"),
      (file("<FailoverConfig>", "<FailoverConfig"), false, "config.unreadable", "unknown"),
      (["names": ["JAMS-1": ["192.0.2.1"]]], false, "network.no_address", "blocked"),
      (["ports": ["JAMS-1:4773": "refused"]], false, "network.refused", "satisfied"),
      (["ports": [:]], false, "network.silent", "blocked"),
    ]
    try await WindowsDouble.with(["dr", "production"]) { double async throws in
      try await withWorld { world async throws in
        let action = try pair([double.host(.basic, "production"), double.host(.basic)])
        for (state, both, code, expected) in cases {
          try setUp(double)
          for name in both ? ["dr", "production"] : ["dr"] { try double.set(state, name) }
          let seen = try await action.probe(world.makeObserver())
          let codes = action.report(seen).findings.map(\.code)
          #expect(codes.contains(code), "\(state): \(codes)")
          #expect(action.judge(seen).name == expected, "\(state): \(action.judge(seen))")
        }
        try double.set(["down": true])
        #expect(try await UnreachableConformance(action, in: world).findings() == [])
      }
    }
  }

  @Test("how a port answers, seen from this machine")
  func ports() async throws {
    let server = try ListeningSocket()
    try await withWorld { world async throws in
      let look = NetworkLook(host: .here("dr"))
      let observer = world.makeObserver()
      #expect(try await look.answer(of: "localhost", port: server.port, observer) == .open)
      server.close()
      #expect(try await look.answer(of: "localhost", port: server.port, observer) == .refused)
      #expect(try await look.answer(of: "none.invalid", port: 1, observer) == .failed)
      #expect(try await look.addresses(of: "none.invalid", observer) == [])
      #expect(try await look.addresses(of: "127.0.0.1", observer) == ["127.0.0.1"])
    }
  }
}

/// A port of this machine that answers.
private struct ListeningSocket {
  private let descriptor: Int32
  let port: Int

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = descriptor
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, size) == 0 && listen(descriptor, 4) == 0
          && getsockname(descriptor, $0, &size) == 0
      }
    }
    try #require(isBound)
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  func close() { Foundation.close(descriptor) }
}
