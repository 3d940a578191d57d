import Foundation
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import LabScheduler

extension MachineTests {
  @Suite("What is left behind")
  struct Lifecycle {
    @Test func downRemovesEverythingEvenWhatHangsAndWhatWasAbandoned() async throws {
      try await TemporaryDirectory.with { parent in
        let lab = TestMachines(directory: "\(parent)/lab")
        try await lab.run("up", ["--hosts", "--no-permit", "--agents", "1"])
        let machineLab = try lab.lab()
        let marks = [machineLab.settings.id, lab.directory]
        let before = try Traces(of: marks)
        #expect(!before.processes.isEmpty)
        #expect(!before.controlGroups.isEmpty)
        #expect(before.loopDevices.count == 2)
        #expect(before.mounts.isEmpty)

        try await lab.disaster("dr", "--hang")
        try await lab.disaster("production", "dr", "--delay", "50ms")
        // The supervisor of one machine crashes, and so does the network.
        let abandoned = RunningMachine(
          machine: machineLab.machine(.production, .database), lab: machineLab)
        try #require(try abandoned.supervisor()).send(SIGKILL)
        try #require(try Router.process(of: machineLab)).send(SIGKILL)
        try await lab.run("down")
        let after = try Traces(of: marks)
        #expect(after.isEmpty, "\(after)")
        try await lab.run("down")
      }
    }

    @Test func downRemovesWhatAnUpThatWasKilledHasLeft() async throws {
      let seed = UInt64.random(in: 0...UInt64.max)
      var generator = SeededGenerator(seed: seed)
      for _ in 0..<6 {
        try await TemporaryDirectory.with { parent in
          let directory = "\(parent)/lab"
          try await killDuringUp(directory, using: &generator)
          let settings = MachineLab.settingsFile(directory)
          let id =
            File.exists(settings) ? try MachineLab(existing: directory).settings.id : directory
          if File.exists(settings), !File.exists("\(directory)/complete") {
            let again = try await Program.run(["lab", "up", directory, "--hosts"])
            #expect(again.status == 5)
            #expect(again.errors.contains("lab down"))
          }
          let result = try await Program.run(["lab", "down", directory])
          #expect(result.status == 0, "\(result.errors)")
          let after = try Traces(of: [id, "\(directory)/"])
          #expect(after.isEmpty, "seed \(seed): \(after)")
        }
      }
    }

    private func killDuringUp(
      _ directory: String, using generator: inout SeededGenerator
    ) async throws {
      let killed = try await Subprocess.run(
        .path(FilePath(Program.executable)),
        arguments: ["lab", "up", directory, "--hosts", "--no-permit", "--agents", "0"],
        input: .none, output: .discarded, error: .discarded
      ) { execution in
        try await randomMoment(upTo: .seconds(5), using: &generator)
        try execution.send(signal: .kill)
      }
      try #require(killed.terminationStatus != .exited(1))
    }

    @Test func twoLabsDoNotMeet() async throws {
      try await TestMachines.with { one in
        try await TestMachines.with { other in
          let addresses = try await [one.status(), other.status()].map {
            $0.machines.map(\.address)
          }
          #expect(addresses[0] == addresses[1])
          _ = try await one.sql("production-database", "CREATE TABLE marks (number int)")
          _ = try await other.sql("production-database", "CREATE TABLE marks (number int)")
          try await one.disaster("production")
          #expect(try await other.status().machines.allSatisfy { $0.state == .up })
          _ = try await other.sql("production-database", "INSERT INTO marks VALUES (5)")
          try await other.replicates(5)
          #expect(try await one.sql("dr-database", "SELECT count(*) FROM marks") == "0")
          // A key of one lab opens nothing in the other.
          let key = try String(
            contentsOfFile: "\(one.directory)/secrets/operator_key", encoding: .utf8)
          #expect(
            try String(contentsOfFile: "\(other.directory)/secrets/operator_key", encoding: .utf8)
              != key)
        }
        #expect(try await one.state("production-scheduler").state == .down)
        #expect(try await one.state("dr-scheduler").state == .up)
      }
    }

    @Test func upRefusesWhatItCannotUse() async throws {
      try await TemporaryDirectory.with { parent in
        try Data("mine".utf8).write(to: URL(fileURLWithPath: "\(parent)/precious"))
        let full = try await Program.run(["lab", "up", parent, "--hosts"])
        #expect(full.status == 5)
        #expect(try File.names(in: parent) == ["precious"])
        let colon = try await Program.run(["lab", "up", "\(parent)/a:b", "--hosts"])
        #expect(colon.status == 5)
        #expect(!File.exists("\(parent)/a:b"))
      }
    }
  }
}
