import Foundation
import TestSupport
import Testing

@testable import LabScheduler

@Suite("A lab comes up, shows itself and goes", .serialized)
struct LabLifecycleTests {
  @Test func upBringsProductionIntoControl() async throws {
    try await TestLab.with { lab in
      try await eventually("production in control") {
        try await lab.status().schedulersInControl == 1
      }
      let status = try await lab.status()
      let production = try #require(status.sites.first { $0.name == .production })
      let standby = try #require(status.sites.first { $0.name == .dr })
      #expect(production.hosts.map(\.isInControl) == [true])
      #expect(production.database.role == .primary)
      #expect(production.database.failoverGuids == [try lab.guid(.production)])
      #expect(standby.database.role == .replica)
      #expect(standby.hosts.map(\.state) == [.up])
      #expect(standby.hosts[0].services.first { $0.name == .server }?.startType == .disabled)
      #expect(try await lab.run("status").contains("1 scheduler in control."))
    }
  }

  @Test func upAndDownTwiceAreHarmless() async throws {
    try await TestLab.with { lab in
      let before = try await lab.services(.production)
      let inventory = FileManager.default.contents(atPath: lab.layout.sitesFile)
      try await lab.run("up")
      #expect(try await lab.services(.production) == before)
      #expect(FileManager.default.contents(atPath: lab.layout.sitesFile) == inventory)
      try await lab.run("down")
      #expect(!File.exists(lab.directory))
      try await lab.run("down")
    }
  }

  @Test func upRefusesADirectoryThatIsSomethingElse() async throws {
    try await TemporaryDirectory.with { directory in
      let file = "\(directory)/precious"
      try Data("mine".utf8).write(to: URL(fileURLWithPath: file))
      let result = try await Program.run(["lab", "up", directory])
      #expect(result.status == 5)
      #expect(result.errors.contains(directory))
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == ["precious"])
    }
  }

  @Test func downRemovesALabThatWasCutOffBeforeItWasMarkedAsOne() async throws {
    try await TemporaryDirectory.with { parent in
      let layout = LabLayout("\(parent)/lab")
      try File.createDirectory(layout.root)
      let lock = try layout.lock()
      try Data().write(to: URL(fileURLWithPath: "\(layout.settingsFile)\(File.temporaryMark)1"))
      let early = try await Program.run(["lab", "down", layout.root])
      #expect(early.status == 5 && early.errors.contains("another command"), "\(early)")
      withExtendedLifetime(lock) {}
    }
    try await TemporaryDirectory.with { parent in
      let layout = LabLayout("\(parent)/lab")
      try File.createDirectory(layout.root)
      let foreign = "\(layout.root)/precious"
      for file in [layout.lockFile, "\(layout.settingsFile)\(File.temporaryMark)1", foreign] {
        try Data().write(to: URL(fileURLWithPath: file))
      }
      let nothing = try await Program.run(["lab", "down", layout.root])
      #expect(nothing.status == 0 && nothing.output.contains("there is no lab"), "\(nothing)")
      #expect(try File.names(in: layout.root).count == 3)
      try File.remove(foreign)
      #expect(try await Program.run(["lab", "down", layout.root, "--keep"]).status == 0)
      #expect(File.exists(layout.lockFile))
      let down = try await Program.run(["lab", "down", layout.root])
      #expect(down.status == 0 && down.output.contains("at its very beginning"), "\(down)")
      #expect(!File.exists(layout.root))
    }
  }

  @Test func upGoesOnWhereOneWasCutOffBeforeItHadMarkedTheLab() async throws {
    try await TemporaryDirectory.with { parent in
      let layout = LabLayout("\(parent)/lab")
      try File.createDirectory(layout.root)
      for file in [layout.lockFile, "\(layout.settingsFile)\(File.temporaryMark)1"] {
        try Data().write(to: URL(fileURLWithPath: file))
      }
      #expect(try await Program.run(["lab", "up", layout.root]).status == 0)
      let down = try await Program.run(["lab", "down", layout.root])
      #expect(down.status == 0 && !down.output.contains("left in place"), "\(down)")
      #expect(try File.names(in: layout.root) == [])
    }
  }

  @Test func downAfterACrashLeavesOnlyWhatIsNotTheLabs() async throws {
    try await TestLab.with { lab in
      let foreign = "\(lab.layout.sharedLogDirectory)/notes.txt"
      try Data("mine".utf8).write(to: URL(fileURLWithPath: foreign))
      try await lab.run("disaster", ["production"])
      let output = try await lab.run("down")
      #expect(output.contains(foreign))
      let rest = try FileManager.default.subpathsOfDirectory(atPath: lab.directory).sorted()
      #expect(rest == ["shared", "shared/logs", "shared/logs/notes.txt"])
    }
  }

  @Test func downEndsEveryProcess() async throws {
    try await TestLab.with(["--pair"]) { lab in
      let hosts = [
        lab.host(.production), lab.host(.production, "secondary"), lab.host(.dr),
      ]
      let processes = try hosts.flatMap {
        try [$0.recordedProcess()].compactMap { $0 } + $0.recordedServiceProcesses()
      }
      // Three hosts; production's four services, the secondary's three, the DR site's replicator.
      #expect(processes.count == 11)
      #expect(processes.allSatisfy { $0.condition == .running })
      try await lab.run("disaster", ["dr", "--hang"])
      try await lab.run("down")
      #expect(processes.allSatisfy { $0.condition == .gone })
    }
  }

  @Test func aKeptLabComesUpAgainAsItself() async throws {
    try await TestLab.with { lab in
      let guid = try lab.guid(.production)
      try await eventually("a job run") { try lab.count(.production, "job_history") > 0 }
      try await lab.run("down", ["--keep"])
      let runs = try lab.count(.production, "job_history")
      try await lab.run("up")
      #expect(try lab.guid(.production) == guid)
      try await eventually("more runs") { try lab.count(.production, "job_history") > runs }
    }
  }

  @Test func directoriesMayHaveLongNames() async throws {
    let name =
      String(repeating: "a-long-name-", count: 15) + "/" + String(repeating: "b", count: 200)
    try await TestLab.with(named: name) { lab in
      let result = try await Program.run(["at", lab.host(.dr).path, "--", "/bin/pwd"])
      #expect(result.status == 0)
      #expect(result.output == "\(lab.host(.dr).path)\n")
      let replicator = try await lab.services(.dr)[.replicator]
      // Its log says why not.
      try #require(replicator?.state == .running, "\(replicator as Any)")
    }
  }

  @Test func twoLabsDoNotMeet() async throws {
    try await TestLab.with(["--pair"]) { one in
      try await TestLab.with(["--pair"]) { other in
        // On a busy machine the secondary may have taken over: which of the two is the pair's affair.
        for lab in [one, other] {
          let own = try [lab.guid(.production), lab.guid(.production, "secondary")]
          try await eventually("one of its own in control") {
            let holders = try lab.strings(.production, "SELECT guid FROM Failover")
            return holders.count == 1 && own.contains(holders[0])
          }
        }
        try await one.run("disaster", ["production"])
        #expect(try await other.services(.production).values.allSatisfy { $0.state == .running })
      }
    }
  }

  @Test func theInventoryNamesWhatIsThere() async throws {
    try await TestLab.with { lab in
      let text = try String(contentsOfFile: lab.layout.sitesFile, encoding: .utf8)
      let host = lab.host(.dr).path
      for line in [
        "connection: { kind: exec, through: [\"\(Program.executable)\", \"at\", \"\(host)\", \"--\"] }",
        "directory: \"\(host)\"", "file: \"\(host)/Server.config\"",
        "dr: { host: scheduler, file: \"\(lab.layout.site(.dr).databaseFile)\" }",
        "dr.scheduler: \"\(lab.layout.sharedLogDirectory)\"",
      ] {
        #expect(text.contains(line))
      }
    }
  }
}
