import Foundation
import TestSupport
import Testing

@testable import LabScheduler

/// One lab after the other: each is some ten machines.
@Suite("A lab of machines", .serialized, .needsHosts, .timeLimit(.minutes(10)))
struct MachineTests {
  @Test(arguments: DatabaseKind.allCases)
  func replicationRunsAndComesBackAfterAPowerCut(kind: DatabaseKind) async throws {
    try await TestMachines.with(["--database", kind.rawValue]) { lab in
      _ = try await lab.sql("production-database", "CREATE TABLE marks (number int)")
      _ = try await lab.sql("production-database", "INSERT INTO marks VALUES (1)")
      try await lab.replicates(1)
      #expect(try await lab.status().writableDatabases == 1)
      try await eventually("production in control") {
        try await lab.status().schedulersInControl == 1
      }
      #expect(try await lab.copy(.production).acceptsWrites == true)
      #expect(try await lab.copy(.production).role == "primary")
      #expect(try await lab.copy(.dr).acceptsWrites == false)
      #expect(try await lab.copy(.dr).role == (kind == .mariadb ? "replica" : "standby"))

      try await lab.disaster("production-database")
      #expect(try await lab.state("production-database").state == .down)
      #expect(try await lab.copy(.production).problem == "the machine is down")
      // A machine without power says nothing: no refusal, no reset.
      let silence = try await lab.connection(
        from: "operator", to: "production-database", port: 5432, timeout: 1)
      #expect(silence.outcome == "TimeoutError")

      try await lab.heal("production-database")
      #expect(try await lab.sql("production-database", "SELECT number FROM marks") == "1")
      try await eventually("production accepts writes") {
        try await lab.copy(.production).acceptsWrites == true
      }
      _ = try await lab.sql("production-database", "INSERT INTO marks VALUES (2)")
      try await lab.replicates(2)

      // The scheduler's services come back at boot too, and at the DR site they stay down.
      try await lab.disaster("production")
      #expect(try await lab.status().schedulersInControl == 0)
      try await lab.heal()
      try await eventually("production in control again") {
        try await lab.status().schedulersInControl == 1
      }
      let standby = try await lab.at("dr-scheduler", "systemctl", "is-active", "lab-server")
      #expect(standby.output == "inactive\n")
    }
  }

  @Test func theOperatorEntersEveryMachineBySSHAndOnlyTheSchedulersHaveTheLogs() async throws {
    try await TestMachines.with { lab in
      for machine in try lab.lab().machines {
        let result = try await lab.at("operator", "ssh", machine.name, "sudo hostname")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "\(machine.name)\n")
      }
      let logs = StorageContent.logs
      let written = try await lab.at("production-scheduler", "touch", "\(logs)/hello")
      #expect(written.status == 0, "\(written.errors)")
      #expect(try await lab.at("dr-scheduler", "cat", "\(logs)/hello").status == 0)
      #expect(try await lab.at("operator", "cat", "\(logs)/hello").status == 1)
      #expect(try await lab.at("storage", "cat", "\(logs)/hello").status == 0)
      // An exit status comes through, and so does standard input's end.
      #expect(try await lab.at("agent-1", "sh", "-c", "cat; exit 7").status == 7)
    }
  }

  @Test func secretsAreInNoProcessListAndReadableByRootAlone() async throws {
    try await TestMachines.with { lab in
      let secrets = "\(lab.directory)/secrets"
      let directory = try FileManager.default.attributesOfItem(atPath: secrets)
      #expect(directory[.posixPermissions] as? Int == 0o700)
      for name in try File.names(in: secrets) where !name.hasSuffix(".pub") && name != "ca.crt" {
        guard !name.hasSuffix(".crt") else { continue }
        let file = try FileManager.default.attributesOfItem(atPath: "\(secrets)/\(name)")
        #expect(file[.posixPermissions] as? Int == 0o600, "\(name)")
      }
      let listing = try await lab.at(
        "operator", "find", "/etc/lifeboat/secrets", "-type", "f", "-not", "-perm", "600")
      #expect(listing.output.isEmpty)
    }
  }

  @Test func aMachineHangsGoesOnAndReboots() async throws {
    try await TestMachines.with { lab in
      try await lab.disaster("dr-scheduler", "--hang")
      #expect(try await lab.state("dr-scheduler").state == .hung)
      // The kernel still accepts for a machine that hangs; nobody answers.
      #expect(try await lab.canReach("dr-scheduler", from: "operator"))
      let login = try await lab.at("operator", "timeout", "2", "ssh", "dr-scheduler", "true")
      #expect(login.status == 124)
      try await lab.heal("dr-scheduler")
      #expect(try await lab.at("operator", "ssh", "dr-scheduler", "true").status == 0)

      // Over SSH: what entered a machine's namespaces is stopped with it, and with it whoever waits.
      let booted = ["timeout", "5", "ssh", "dr-scheduler", "stat", "--format=%Y", "/run/systemd"]
      let before = try await lab.at("operator", booted).output
      #expect(!before.isEmpty)
      _ = try await lab.at("dr-scheduler", "systemctl", "--no-block", "reboot")
      try await eventually("the machine has booted again") {
        let now = try await lab.at("operator", booted)
        return now.status == 0 && now.output != before
      }
      try await lab.disaster("dr-scheduler", "--power-off")
      #expect(try await lab.state("dr-scheduler").state == .down)
    }
  }
}
