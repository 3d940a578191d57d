import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// `config.value` and `hosts_file.entry`, on files of this machine and of the double of a Windows host.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct ConfigTests {
  private static let config = """
    <?xml version="1.0"?>\r
    <!-- kept: <Interval>1</Interval> -->\r
    <FailoverConfig>\r
      <Primary>Server1</Primary>\r
      <Interval>15</Interval>\r
      <add key='Server' value = "old &amp; &quot;é"/>\r
      <add key='Other' value="other"/>\r
    </FailoverConfig>\r

    """
  private static let hosts =
    "# kept\r\n127.0.0.1\tlocalhost\r\n192.0.2.1 DB.example other # both\r\n192.0.2.2\tdb.example\r\n"
  private static let place = "FailoverConfig/add[@key='Server']/@value"
  private static let hostile = "‘a’ \"b\" 'c' $(x) `y` <&> ; \\ é 𝄞"

  private func make<A: Action>(
    _ type: A.Type, on host: Host, _ values: [String: Value]
  ) throws -> A {
    try A(
      Arguments(
        values, on: .host(host), in: Inventory(sites: [Site(name: "dr", hosts: [host])])))
  }

  private func expectConforms<Snapshot: Equatable & Sendable>(
    _ action: some Action, in world: ActuatorWorld,
    _ snapshot: @escaping @Sendable () throws -> Snapshot
  ) async throws {
    let findings = try await Conformance(action, in: world) { try snapshot() }.findings()
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
  }

  @Test("a value is set in its place and nothing else changes, on this machine")
  func valueHere() async throws {
    try await withDirectory { directory in
      let path = "\(directory)/a b.config"
      try Self.config.write(toFile: path, atomically: true, encoding: .utf8)
      let read: @Sendable () throws -> String = {
        try String(contentsOfFile: path, encoding: .utf8)
      }
      let action = try make(
        ConfigValue.self, on: .here("dr"),
        ["file": .string(path), "at": .string(Self.place), "value": .string(Self.hostile)])
      try await withWorld { world async throws in
        try await expectConforms(action, in: world, read)
        let now = try await action.probe(world.makeObserver())
        let undone = action.undo(restoring: Observation(), from: now)
        #expect(undone == nil)
      }
      let escaped = "‘a’ &quot;b&quot; &apos;c&apos; $(x) `y` &lt;&amp;&gt; ; \\ é 𝄞"
      #expect(try read() == Self.config.replacing("old &amp; &quot;é", with: escaped))
      #expect(
        try String(contentsOfFile: path + ".lifeboat-backup", encoding: .utf8) == Self.config)
      #expect(!FileManager.default.fileExists(atPath: path + ".lifeboat-new"))
    }
  }

  @Test(
    "a value and a name are set on a Windows host, by each way",
    arguments: [WindowsDouble.Way.ssh, .ntlm])
  func windows(way: WindowsDouble.Way) async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(way)
        let path = "C:\\Program Files\\MVPSI\\JAMS\\Scheduler\\Failover.config"
        let hostsFile = "C:\\Windows\\System32\\drivers\\etc\\hosts"
        // UTF-16 with its mark, as some editors of Windows write it.
        let wide = Data(
          [0xFF, 0xFE] + Self.config.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
        try double.set([
          "files_base64": [
            path: .string(wide.base64EncodedString()),
            hostsFile: .string(Data(Self.hosts.utf8).base64EncodedString()),
          ]
        ])
        let snapshot: @Sendable () throws -> Value? = { try double.dump()["files_base64"] }
        let value = try make(
          ConfigValue.self, on: host,
          ["file": .string(path), "at": "FailoverConfig/Interval", "value": .string(Self.hostile)])
        try await expectConforms(value, in: world, snapshot)
        let entry = try make(
          HostsFileEntry.self, on: host, ["name": "db.example", "address": "192.0.2.17"])
        try await expectConforms(entry, in: world, snapshot)
        let files = try #require(try double.dump()["files"]?.mapping)
        #expect(files[path]?.string?.contains("<Interval>‘a’ &quot;b&quot;") == true)
        #expect(files[path + ".lifeboat-backup"]?.string == Self.config)
        #expect(
          files[hostsFile]?.string
            == "# kept\r\n127.0.0.1\tlocalhost\r\n192.0.2.1\tother # both\r\n192.0.2.17\tdb.example\r\n"
        )
        #expect(files.count == 4)
      }
    }
  }

  @Test("what somebody else changed meanwhile is not written over")
  func changedMeanwhile() async throws {
    try await withDirectory { directory in
      let path = "\(directory)/x.config"
      try "<a><b>1</b></a>".write(toFile: path, atomically: true, encoding: .utf8)
      try await WindowsDouble.with { double async throws in
        try double.set(["files": ["C:\\x.config": "<a><b>1</b></a>"]])
        try await withWorld { world async throws in
          for file in [
            ConfigFile(host: .here("dr"), path: path),
            ConfigFile(host: try double.host(.basic), path: "C:\\x.config"),
          ] {
            let stale = ConfigFile.Contents(text: "<a><b>0</b></a>", encoding: .utf8)
            let error = await #expect(throws: ActionError.self) {
              try await file.replace(stale, by: "<a/>", world.makeOperator(token: "t"))
            }
            #expect(error?.message.contains("somebody has changed it") == true)
            let kept = try await file.read(world.makeObserver())
            #expect(kept.text == "<a><b>1</b></a>")
          }
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["x.config"])
    }
  }

  @Test("a file that says it is UTF-16 and isn't, and a link, are not written")
  func notWritten() async throws {
    try await withDirectory { directory in
      let (path, link) = ("\(directory)/x.config", "\(directory)/link.config")
      let good = "<?xml version=\"1.0\" encoding=\"utf-8\"?><a><b>1</b></a>"
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
      try await withWorld { world async throws in
        for (file, text, code) in [
          (path, good.replacing("utf-8", with: "UTF-16"), "config.no_text"),
          (link, good, "config.not_written"),
        ] {
          try text.write(toFile: path, atomically: true, encoding: .utf8)
          let action = try make(
            ConfigValue.self, on: .here("dr"), ["file": .string(file), "at": "a/b", "value": "2"])
          let error = await #expect(throws: ActionError.self) {
            let seen = try await action.probe(world.makeObserver())
            _ = try await action.act(world.makeOperator(token: "t"), given: seen)
          }
          #expect(error?.code == code, "\(file)")
          #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
      #expect(left == ["link.config", "x.config"])
    }
  }

  @Test("a place is found only where it is once, as plain text")
  func places() throws {
    func find(_ place: String, _ document: String) -> Result<String, XMLPlace.Obstacle> {
      Result { () throws(XMLPlace.Obstacle) in try XMLPlace(place)!.find(in: document).value }
    }
    #expect(find("a/b", "<a><b> x &#233;&#xe9; </b><c/></a>") == .success(" x éé "))
    #expect(find("a/b/@c", "<a><b c='1'/></a>") == .success("1"))
    #expect(find("a/b[@k='<']/@c", "<a><b k=\"&lt;\" c='1'/><b k='' c='2'/></a>") == .success("1"))
    #expect(find("a", "<a></a>") == .success(""))
    #expect(find("a/b", "<a><c><b>1</b></c></a>") == .failure(.missing))
    #expect(find("a/b", "<a><b>1</b><b>2</b></a>") == .failure(.several))
    for notText in [
      "<a><b>1<c/></b></a>", "<a><b><![CDATA[1]]></b></a>", "<a><b>1<!-- --></b></a>",
      "<a><b/></a>",
    ] {
      #expect(find("a/b", notText) == .failure(.notText), "\(notText)")
    }
    for malformed in [
      "", "x", "<a>", "<a></b>", "<a><b></a></b>", "<a/><a/>", "<a b=1/>", "<!DOCTYPE a []><a/>",
      "<a/>x",
      "<a><b>&own;</b></a>", "<a><b", "<a><!-- ", "<a/><!-- ", "<a><b>1</b></a><?x",
      "<a><b>1</b><c>x & y</c></a>", "<a><b>1</b><c k='&own;'/></a>", "<a><b>\u{1b}[31m</b></a>",
      "<a><b>&#27;</b></a>", "<a><b>1</b>\u{0}</a>",
    ] {
      guard case .failure(.malformed) = find("a/b", malformed) else {
        Issue.record("\(malformed)")
        continue
      }
    }
    for bad in ["", "/a", "a/", "a//b", "@a", "a/@b/c", "a[b]", "a[@b='c", "a b"] {
      #expect(XMLPlace(bad) == nil, "\(bad)")
    }
  }

  @Test("a hosts file keeps what isn't asked for")
  func hostsFiles() {
    let cases = [
      ("", "1.2.3.4\ta\n"), ("9.9.9.9 b\n", "9.9.9.9 b\n1.2.3.4\ta\n"),
      ("9.9.9.9 b", "9.9.9.9 b\n1.2.3.4\ta"),
      ("1.2.3.4 a b\n5.6.7.8 A # c\n", "1.2.3.4 a b\n# c\n"),
      ("#1.2.3.4 a\n", "#1.2.3.4 a\n1.2.3.4\ta\n"),
    ]
    for (before, after) in cases {
      let set = HostsFile(text: before).setting("a", to: "1.2.3.4")
      #expect(
        set == after || before.isEmpty && set.hasPrefix("1.2.3.4\ta"), "\(before) became \(set)")
      #expect(HostsFile(text: set).addresses(of: "a") == ["1.2.3.4"])
    }
    #expect(HostsFile.areSame("::1", "0:0:0:0:0:0:0:1"))
    #expect(HostsFile.packed("1.2.3") == nil)
  }

  @Test("arguments that can't be are refused before anything is looked at")
  func refusedArguments() throws {
    let host = Host.here("dr")
    for (name, address) in [
      ("a b", "1.2.3.4"), ("a#", "1.2.3.4"), ("", "1.2.3.4"), ("a", "x"), ("a", "1.2.3.4\n"),
    ] {
      #expect(throws: ActionError.self) {
        try make(
          HostsFileEntry.self, on: host, ["name": .string(name), "address": .string(address)])
      }
    }
    for (file, at, value) in [
      ("x", "a/b", "1"), ("/x", "a//b", "1"), ("/x", "a/b", "1\n2"), ("/x", "a/b", "\u{0}"),
    ] {
      #expect(throws: ActionError.self) {
        try make(
          ConfigValue.self, on: host,
          ["file": .string(file), "at": .string(at), "value": .string(value)])
      }
    }
  }
}
