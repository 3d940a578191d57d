import Foundation
import TestSupport
import Testing

@testable import LabScheduler

extension MachineTests {
  @Suite("Disasters")
  struct Disasters {
    @Test func theNetworkIsCutAndHealed() async throws {
      try await TestMachines.with { lab in
        try await lab.disaster("production", "dr", "--partition")
        #expect(try await !lab.canReach("dr-database", from: "production-scheduler"))
        #expect(try await !lab.canReach("production-database", from: "dr-scheduler"))
        #expect(try await lab.canReach("production-database", from: "operator"))
        #expect(try await lab.canReach("dr-database", from: "operator"))
        #expect(
          try await lab.status().network == ["dr to production: cut", "production to dr: cut"])

        try await lab.disaster("dr", "operator", "--partition")
        #expect(try await !lab.canReach("dr-database", from: "operator"))
        // The storage is in the operator's network, and is not the operator.
        #expect(try await lab.canReach("dr-database", from: "storage"))
        try await lab.heal("production", "dr")
        #expect(try await lab.canReach("dr-database", from: "production-scheduler"))
        #expect(try await !lab.canReach("dr-database", from: "operator"))
        try await lab.heal("operator")
        #expect(try await lab.canReach("dr-database", from: "operator"))
        #expect(try await lab.status().network.isEmpty)

        try await lab.disaster("dr-scheduler", "--link-down")
        #expect(try await !lab.canReach("dr-scheduler", from: "dr-database"))
        #expect(try await lab.state("dr-scheduler").faults == ["link down"])
        try await lab.heal()
        #expect(try await lab.canReach("dr-scheduler", from: "dr-database"))
      }
    }

    @Test func packetsAreLateOrLost() async throws {
      try await TestMachines.with { lab in
        try await lab.disaster("production", "dr", "--delay", "300ms")
        let late = try await lab.connection(from: "production-scheduler", to: "dr-database")
        #expect(late.outcome == "connected")
        #expect(late.milliseconds >= 600)
        let ping = try await lab.at("production-scheduler", "ping", "-c2", "-i0.2", "dr-scheduler")
        #expect(try #require(try roundTrips(ping.output).min()) >= 600)
        let prompt = try await lab.at("operator", "ping", "-c5", "-i0.2", "dr-scheduler")
        #expect(try #require(try roundTrips(prompt.output).min()) < 300)
        try await lab.heal("production", "dr")

        try await lab.disaster("production", "dr", "--delay", "300ms", "--one-way")
        let oneWay = try await lab.at(
          "production-scheduler", "ping", "-c5", "-i0.2", "dr-scheduler")
        #expect((300..<600).contains(try #require(try roundTrips(oneWay.output).min())))
        try await lab.heal("production", "dr")

        try await lab.disaster("production", "dr", "--loss", "50", "--one-way")
        let lossy = try await lab.at(
          "production-scheduler", "ping", "-c100", "-i0.01", "-W1", "dr-scheduler")
        #expect((20..<80).contains(try roundTrips(lossy.output).count))
        let fine = try await lab.at("production-scheduler", "ping", "-c20", "-i0.01", "operator")
        #expect(try roundTrips(fine.output).count == 20)
      }
    }

    private func roundTrips(_ output: String) throws -> [Double] {
      output.split(separator: "\n").compactMap { line in
        guard let start = line.firstRange(of: "time=")?.upperBound else { return nil }
        return Double(line[start...].prefix { $0 != " " })
      }
    }

    @Test func oneWayLossIsOneWay() async throws {
      try await TestMachines.with { lab in
        try await lab.disaster("production", "operator", "--partition", "--one-way")
        // Requests arrive, and answers don't.
        let listener = """
          import socket, sys
          udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          udp.bind(("", 9999)); udp.settimeout(20)
          print(udp.recvfrom(100)[0].decode())
          """
        async let heard = lab.at("production-scheduler", "python3", "-c", listener)
        let sender = """
          import socket, time
          udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
          for _ in range(50):
            udp.sendto(b"hello", ("production-scheduler", 9999)); time.sleep(0.1)
          """
        async let sent = lab.at("operator", "python3", "-c", sender)
        #expect(try await heard.output == "hello\n")
        #expect(try await sent.status == 0)
        #expect(try await !lab.canReach("production-scheduler", from: "operator"))
      }
    }

    @Test func aDatabasesDiskIsFullOrSlowAndItsServerIsKilled() async throws {
      try await TestMachines.with { lab in
        _ = try await lab.sql("production-database", "CREATE TABLE marks (number int)")
        let write = ["dd", "if=/dev/zero", "of=/var/lib/postgresql/15/test", "bs=4096", "count=20"]
        func writes(_ options: String...) async throws -> Program.Result {
          try await Program.run(
            ["lab", "enter", lab.directory, "production-database", "--"] + write + options)
        }
        try await lab.disaster("production-database", "--disk-full")
        let refused = try await writes()
        #expect(refused.status == 1)
        #expect(refused.errors.contains("No space left on device"))
        #expect(try await lab.state("production-database").faults == ["disk full"])
        // Another machine's disk, and this one's other files, have room.
        #expect(
          try await lab.at("production-database", "dd", "if=/dev/zero", "of=/root/x", "count=1")
            .status == 0)
        try await lab.heal("production-database")
        #expect(try await writes().status == 0)

        try await lab.disaster("production-database", "--slow-disk", "50ms")
        let clock = ContinuousClock()
        func expectWrites() async throws {
          #expect(try await writes("oflag=dsync").status == 0)
        }
        let slow = try await clock.measure { try await expectWrites() }
        #expect(slow > .seconds(1))
        #expect(try await lab.state("production-database").faults == ["disk slow"])
        try await lab.heal("production-database")
        let quick = try await clock.measure { try await expectWrites() }
        #expect(quick < slow / 2)

        try await lab.disaster("production-database", "--kill-database")
        try await eventually("no server") { try await lab.copy(.production).problem != nil }
        #expect(try await lab.state("production-database").state == .up)
        try await lab.heal()
        #expect(try await lab.copy(.production).acceptsWrites == true)
      }
    }

    @Test func whatMakesNoSenseIsRefused() async throws {
      try await TestMachines.with { lab in
        for (options, reason) in [
          (["production-scheduler", "production-database", "--partition"], "passes no router"),
          (["nowhere"], "is no machine of this lab"), (["operator", "--disk-full"], "no disk"),
          (["production", "--partition"], "name the other end"),
          (["production", "dr", "--hang"], "between two targets"),
        ] {
          let result = try await Program.run(["lab", "disaster", lab.directory] + options)
          #expect(result.status == 5, "\(options)")
          #expect(result.errors.contains(reason), "\(result.errors)")
        }
        #expect(try await Program.run(["lab", "down", lab.directory, "--keep"]).status == 5)
        try await lab.disaster("agent-1")
        #expect(try await lab.at("agent-1", "true").status == 255)
        try await lab.run("up")
        #expect(try await lab.at("agent-1", "true").status == 0)
      }
    }
  }
}
