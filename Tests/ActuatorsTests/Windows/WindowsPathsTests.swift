import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `path.directory` and `path.shared` upon the double of Windows hosts. Its shares are directories of this machine.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct WindowsPathsTests {
  private static let share = #"\\files\logs"#
  private static let odd = #"C:\Log files\it's $(c) `d`; é 𝄞 & %PATH% ^ [x] {y}"#

  private func directory(
    _ path: String, on host: Host, _ values: [String: Value] = [:]
  ) throws -> PathDirectory {
    try PathDirectory(
      Arguments(
        values.merging(["path": .string(path)]) { own, _ in own }, on: .host(host),
        in: Inventory(sites: [Site(name: host.site, hosts: [host])])))
  }

  private func shared(_ at: [(Host, String)]) throws -> PathShared {
    try PathShared(
      Arguments(
        ["path": "logs", "between": .list(at.map { .string($0.0.id) })],
        in: Inventory(
          sites: Dictionary(grouping: at.map(\.0), by: \.site).map { Site(name: $0, hosts: $1) },
          paths: [
            SharedPath(
              name: "logs", at: Dictionary(uniqueKeysWithValues: at.map { ($0.0.id, $0.1) }))
          ])))
  }

  private func verdict(_ action: some Action, in world: ActuatorWorld) async throws -> Verdict {
    action.judge(try await action.probe(world.makeObserver()))
  }

  private func setShare(
    _ directory: String, of double: WindowsDouble, on hosts: [String], denied: Bool = false
  ) throws {
    for host in hosts {
      try double.set(
        [
          "shares": [
            Self.share: [
              "directory": .string(directory), "free": 5000, "denied": .boolean(denied),
            ]
          ]
        ], host)
    }
  }

  // MARK: - path.directory

  @Test("path.directory conforms, by each way", arguments: [WindowsDouble.Way.ssh, .ntlm])
  func directoryConforms(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let action = try directory(
          Self.odd, on: double.host(way), ["create": true, "minimum_free": "1GiB"])
        let findings = try await Conformance(action, in: world) {
          try double.dump()["directories"]?.mapping?.keys.sorted()
        }.findings()
        #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
        #expect(
          try double.dump()["directories"]?.mapping?.keys.sorted() == [#"C:\Log files"#, Self.odd])
      }
    }
  }

  @Test("what stands there, who may write and what is free, on drives and shares")
  func directoryFacts() async throws {
    try await withDirectory { real async throws in
      try await WindowsDouble.with { double async throws in
        try FileManager.default.createDirectory(
          atPath: "\(real)/sub", withIntermediateDirectories: false)
        try setShare(real, of: double, on: ["dr"])
        let others = "S-1-5-32-544"
        try double.set([
          "drives": [
            "C:": ["free": 7000], "E:": ["free": 1], "M:": ["kind": 3],
          ],
          "files": [#"C:\file"#: "x"],
          "directories": [
            #"C:\mine"#: ["owner": #"DOMAIN\jams"#],
            #"C:\group"#: ["access": [["sid": "S-1-5-11", "rights": 0x1301BF]]],
            #"C:\others"#: ["access": [["sid": .string(others)]]],
            #"C:\readers"#: ["access": [["sid": "S-1-5-11", "rights": 0x1200A9]]],
            #"C:\denied"#: [
              "access": [["sid": "S-1-1-0", "type": "Deny", "rights": 2], ["sid": "S-1-5-11"]]
            ],
            #"C:\closed"#: ["closed": true],
            #"C:\inside"#: ["access": [["sid": "S-1-5-11", "propagation": 2]]],
          ],
        ])
        try await withWorld { world async throws in
          let host = try double.host(.basic)
          func facts(_ path: String) async throws -> (String?, Bool?, Int?) {
            let subject = "path:\(path)@dr.scheduler"
            let observation = Observation(
              try await DirectoryFacts(subject: subject, path: path, host: host).observe(
                world.makeObserver()))
            return (
              observation[subject, DirectoryFacts.kind]?.string,
              observation[subject, DirectoryFacts.writable]?.boolean,
              observation[subject, DirectoryFacts.freeBytes]?.integer
            )
          }
          let expected: [(String, String?, Bool?, Int?)] = [
            (#"C:\mine"#, "directory", true, 7000), (#"c:\GROUP"#, "directory", true, 7000),
            (#"C:\others"#, "directory", false, 7000), (#"C:\readers"#, "directory", false, 7000),
            (#"C:\denied"#, "directory", false, 7000), (#"C:\inside"#, "directory", false, 7000),
            (#"C:\file"#, "file", nil, 7000), (#"E:\none\such"#, "missing", nil, 1),
            (#"C:\"#, "directory", true, 7000),
            (Self.share, "directory", true, 5000), (Self.share + #"\sub"#, "directory", true, 5000),
            (Self.share + #"\none"#, "missing", nil, 5000),
            // What can't be looked at is not missing.
            (#"C:\closed"#, nil, nil, nil),
            (#"M:\mapped"#, nil, nil, nil), (#"Z:\none"#, nil, nil, nil),
            (#"\\nobody\logs"#, nil, nil, nil),
          ]
          for (path, kind, writable, free) in expected {
            let seen = try await facts(path)
            #expect(seen == (kind, writable, free), "\(path): \(seen)")
          }
          try setShare(real, of: double, on: ["dr"], denied: true)
          #expect(try await facts(Self.share) == (nil, nil, nil))
          let second = try await verdict(directory(Self.share, on: host), in: world)
          #expect("\(second)".contains("is denied"), "\(second)")
          #expect("\(second)".contains("third machine"), "\(second)")
          let mapped = try await verdict(directory(#"M:\mapped"#, on: host), in: world)
          #expect("\(mapped)".contains("somebody mapped"), "\(mapped)")
        }
      }
    }
  }

  @Test("path.directory: what isn't right is blocked, and too little room with it")
  func directoryBlocked() async throws {
    try await WindowsDouble.with { double async throws in
      try double.set(["files": [#"C:\file"#: "x"], "drives": ["C:": ["free": 7000]]])
      try await withWorld { world async throws in
        let host = try double.host(.basic)
        let wishes: [(String, [String: Value])] = [
          (#"C:\missing"#, [:]), (#"C:\file"#, ["create": true]),
          (#"C:\"#, ["minimum_free": "7001B"]),
          (#"C:\new"#, ["minimum_free": "7001B", "create": true]),
        ]
        for (path, values) in wishes {
          let verdict = try await verdict(directory(path, on: host, values), in: world)
          #expect(verdict.name == "blocked", "\(path): \(verdict)")
        }
        for (path, values) in [
          (#"C:\x"#, ["mode": "0750"]), (#"C:\x"#, ["owner": "jams"]), ("/srv/logs", [:]),
        ] as [(String, [String: Value])] {
          #expect(throws: ActionError.self) { try directory(path, on: host, values) }
        }
        try double.set(["down": true])
        let action = try directory(#"C:\x"#, on: host, ["create": true])
        #expect(try await UnreachableConformance(action, in: world).findings() == [])
      }
    }
  }

  @Test("only paths that Windows takes for what is written")
  func paths() throws {
    let host = Host(site: "dr", name: "scheduler", connection: .local, os: .windows)
    let good = [
      #"C:\"#: #"C:\"#, #"c:/a/b"#: #"c:\a\b"#, #"C:\a\"#: #"C:\a"#,
      #"C:\nullable"#: #"C:\nullable"#,
      #"\\s\x"#: #"\\s\x"#, #"\\s\x\"#: #"\\s\x"#, #"\\s\x$\a b"#: #"\\s\x$\a b"#,
      "//s/x/a": #"\\s\x\a"#,
      Self.odd: Self.odd,
    ]
    for (text, path) in good {
      #expect(try HostPath.check(text, on: host, step: "s") == path)
    }
    for text in [
      "", "a", "C:", "C:a", #"C:\a\..\b"#, #"C:\.\b"#, #"C:\a\\b"#, #"C:\a.\b"#, #"C:\a "#,
      #"C:\a:b"#,
      #"C:\a*"#, #"C:\a?"#, "C:\\a\"", "C:\\a\n", "C:\\a\0b", #"C:\NUL"#, #"C:\com1.txt"#, #"\\s"#,
      #"\\s\"#,
      #"\\?\C:\a"#, #"\\.\pipe\x"#, #"\\..\x"#, #"\\s\..\a"#, "/srv", #"\a"#, #"C:\aux .x\b"#,
    ] {
      #expect(throws: ActionError.self, "\(text)") {
        try HostPath.check(text, on: host, step: "s")
      }
    }
    let long = #"C:\"# + String(repeating: "é", count: 10_000)
    #expect(try HostPath.check(long, on: host, step: "s") == long)
    #expect(HostPath.joined(#"C:\"#, "f", on: host) == #"C:\f"#)
    #expect(HostPath.joined(#"\\s\x"#, "f", on: host) == #"\\s\x\f"#)
    #expect(throws: ActionError.self) {
      try HostPath.check(#"C:\logs"#, on: .here("dr"), step: "s")
    }
  }

  // MARK: - path.shared

  @Test("path.shared conforms between two Windows hosts, and with a Linux host")
  func sharedConforms() async throws {
    try await withDirectory { real async throws in
      try await WindowsDouble.with(["dr", "production"]) { double async throws in
        try setShare(real, of: double, on: ["dr", "production"])
        let dr = try double.host(.basic)
        let production = try double.host(.ntlm, "production")
        let linux = Host(site: "office", name: "linux", connection: .local)
        try await withWorld { world async throws in
          for places in [
            [(dr, Self.share), (production, Self.share)], [(dr, Self.share), (linux, real)],
            [(linux, real), (production, Self.share)],
          ] {
            let action = try shared(places)
            if places.contains(where: { $0.0 == production })
              && places.contains(where: { $0.0 == dr })
            {
              let findings = try await Conformance(action, in: world) {
                try DirectorySnapshot(of: real).entries.keys.sorted()
              }.findings()
              #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
              #expect(
                try FileManager.default.contentsOfDirectory(atPath: real) == [".lifeboat-share"])
            }
            // An older proof is renewed over its marker.
            for token in ["once", "again"] {
              _ = try await action.act(world.makeOperator(token: token), given: Observation())
            }
            #expect(try await verdict(action, in: world).isSatisfied)
            try FileManager.default.removeItem(atPath: "\(real)/.lifeboat-share")
            let proved = try await action.prove(
              world.makeProbeFileWriter(token: "t"), observer: world.makeObserver())
            #expect(action.judge(proved).isSatisfied)
            #expect(try FileManager.default.contentsOfDirectory(atPath: real) == [])
          }
        }
      }
    }
  }

  @Test("path.shared: two shares of one name are no shared one, and nothing is left in them")
  func notShared() async throws {
    try await withDirectory { real async throws in
      try await WindowsDouble.with(["dr", "production"]) { double async throws in
        for host in ["dr", "production"] {
          try FileManager.default.createDirectory(
            atPath: "\(real)/\(host)", withIntermediateDirectories: false)
          try setShare("\(real)/\(host)", of: double, on: [host])
        }
        try await withWorld(time: HastyTime()) { hasty async throws in
          let action = try shared([
            (try double.host(.basic), Self.share),
            (try double.host(.basic, "production"), Self.share),
          ])
          let error = await #expect(throws: ActionError.self) {
            try await action.act(hasty.makeOperator(token: "t"), given: Observation())
          }
          #expect(error?.code == "path.not_shared")
          #expect(try DirectorySnapshot(of: real).entries.keys.sorted() == ["dr", "production"])
        }
      }
    }
  }

  @Test("a probe file is written only where none is")
  func probeFiles() async throws {
    try await WindowsDouble.with { double async throws in
      let name = ProbeFileName(label: "x", token: "t")
      let path = #"C:\"# + "\(name)"
      try double.set(["files": [path: "somebody's"]])
      let host = try double.host(.basic)
      try await withWorld { world async throws in
        let files = world.makeProbeFileWriter(token: "t")
        let error = await #expect(throws: ActionError.self) {
          try await files.writeProbeFile(name, contents: "ours", in: #"C:\"#, on: host)
        }
        #expect(error?.code == "probe_file.failed")
        #expect(try double.dump()["files"]?.mapping == [path: "somebody's"])
        try await files.removeProbeFile(name, in: #"C:\"#, on: host)
        try await files.removeProbeFile(name, in: #"C:\"#, on: host)
        #expect(try double.dump()["files"]?.mapping == [:])
      }
    }
  }
}
