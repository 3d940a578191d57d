import Foundation
import TestSupport
import Testing

/// Whether a runbook could be executed when it is needed, asked of machines that ssh and systemd reach.
private enum HostsReadiness {
  private struct Check: Decodable {
    let id: String
    let finding: String
    let message: String
    let advice: String?
  }

  /// The checks that aren't ready, by what was found; each says what to do.
  private static func open(_ lab: HostsLab, expecting code: Int32) async throws -> [String: String]
  {
    struct Last: Decodable {
      struct Report: Decodable { let checks: [Check] }
      let readiness: Report
    }
    let ran = try await lab.lifeboat([
      "rehearse", HostsLab.runbook("scheduler-failover"), "--readiness", "--minimum-free", "1MiB",
      "--clock-tolerance", "10s", "--output", "json",
    ])
    #expect(ran.code == code, "\(ran)")
    let line = try #require(ran.output.split(separator: "\n").last, "\(ran)")
    let checks = try JSONDecoder().decode(Last.self, from: Data(line.utf8)).readiness.checks
    try #require(checks.count > 25, "\(checks)")
    let open = checks.filter { $0.finding != "ready" }
    for check in open { #expect(!(check.advice ?? "").isEmpty, "\(check)") }
    return Dictionary(uniqueKeysWithValues: open.map { ($0.id, $0.finding) })
  }

  static func run() async throws {
    let lab = try HostsLab.get()
    // That two hosts share a directory is told by a proof alone.
    let proved = try await lab.lifeboat(["execute", HostsLab.runbook("ha-check")])
    try #require(proved.code == 0, "\(proved)")
    #expect(try await open(lab, expecting: 0) == [:])

    for fault in faults(lab) { try await lab.root(fault.machine, fault.cause) }
    var expected: [String: String] = [:]
    for fault in faults(lab) { expected.merge(fault.findings) { first, _ in first } }
    #expect(try await open(lab, expecting: 6) == expected)
    for fault in faults(lab) { try await lab.root(fault.machine, fault.cure) }
    try await eventually("all is ready again") { try await open(lab, expecting: 0) == [:] }
  }

  /// Something that is wrong on one machine, how it comes about, and what readiness finds.
  private struct Fault {
    let machine: String
    let cause: String
    let cure: String
    let findings: [String: String]
  }

  private static func faults(_ lab: HostsLab) -> [Fault] {
    let tool =
      lab.database == "mariadb"
      ? "/usr/bin/mariadb-binlog" : "/usr/lib/postgresql/15/bin/pg_rewind"
    let password = "/etc/lifeboat/secrets/operate.password"
    return [
      Fault(
        machine: "dr-scheduler", cause: "systemctl enable --quiet lab-scheduler",
        cure: "systemctl disable --quiet lab-scheduler",
        findings: ["services/dr.scheduler": "not_ready"]),
      Fault(
        machine: "dr-scheduler", cause: "mv /var/log/lab-scheduler /var/log/elsewhere",
        cure: "mv /var/log/elsewhere /var/log/lab-scheduler",
        findings: [
          "default-log-path": "not_ready", "path/default-logs/dr.scheduler": "not_ready",
        ]),
      Fault(
        machine: "dr-database", cause: "mv \(tool) \(tool).away", cure: "mv \(tool).away \(tool)",
        findings: ["tools/dr.database": "not_ready"]),
      Fault(
        machine: "operator", cause: "cp -p \(password) /root/kept && echo wrong > \(password)",
        cure: "cp -p /root/kept \(password)",
        findings: [
          "accounts/scheduler@production": "not_ready", "accounts/scheduler@dr": "not_ready",
        ]),
      // The machines of a lab share one clock: this one is told otherwise.
      Fault(
        machine: "agent-1",
        cause:
          #"printf '#!/bin/sh\nexec /usr/bin/date --date=-1hour "$@"\n' > /usr/local/bin/date && chmod +x /usr/local/bin/date"#,
        cure: "rm /usr/local/bin/date", findings: ["clock/dr.agent-1": "not_ready"]),
      Fault(
        machine: "agent-2", cause: "systemctl stop ssh.socket ssh.service",
        cure: "systemctl start ssh", findings: ["clock/dr.agent-2": "cannot_tell"]),
    ]
  }

  /// A replica that stands still, and one whose server is down.
  static func replicaDown() async throws {
    let lab = try HostsLab.get()
    try await lab.root("dr-database", "systemctl stop \(lab.databaseUnit)")
    let open = try await open(lab, expecting: 6)
    for check in ["replication/scheduler", "replica-current", "accounts/scheduler@dr"] {
      #expect(open[check] != nil, "\(check) of \(open)")
    }
    #expect(open["accounts/scheduler@production"] == nil)
    try await lab.root("dr-database", "systemctl start \(lab.databaseUnit)")
    try await eventually("the replica follows again") {
      try await self.open(lab, expecting: 0) == [:]
    }
  }

  /// A site that is assumed lost is judged without a packet to it.
  static func assumedLost() async throws {
    let lab = try HostsLab.get()
    try await lab.root(
      "operator",
      """
      nft add table ip watch && \
      nft add chain ip watch out '{ type filter hook output priority 0; }' && \
      nft add rule ip watch out ip daddr 10.20.1.0/24 tcp flags syn / syn,ack counter
      """)
    let command = ["rehearse", HostsLab.runbook("scheduler-failover")]
    let assumed = try await lab.lifeboat(command + ["--assume-lost", "production"])
    #expect(assumed.code == 0, "\(assumed)")
    #expect(try await connections(lab) == 0)
    // The same counter sees a rehearsal that asks.
    _ = try await lab.lifeboat(command)
    #expect(try await connections(lab) > 0)
    try await lab.root("operator", "nft delete table ip watch")
  }

  private static func connections(_ lab: HostsLab) async throws -> Int {
    let listed = try await lab.at("operator", ["nft", "list", "table", "ip", "watch"])
    let count = listed.output.firstMatch(of: /packets (\d+)/).flatMap { Int($0.1) }
    return try #require(count, "\(listed)")
  }
}

extension HostsLab {
  /// A shell's words at a machine, which must succeed.
  fileprivate func root(_ machine: String, _ script: String) async throws {
    let ran = try await at(machine, ["sh", "-c", script])
    try #require(ran.code == 0, "\(script): \(ran)")
  }
}

@Suite("Readiness on PostgreSQL", .serialized, .needsHosts, .hostsLab("postgresql"))
struct HostsPostgreSQLReadinessTests {
  @Test("a healthy pair is ready; each thing that is wrong is found, with what to do")
  func readiness() async throws { try await HostsReadiness.run() }

  @Test("the replica's server is down: not ready")
  func replicaDown() async throws { try await HostsReadiness.replicaDown() }

  @Test("a site assumed lost: no connection to it")
  func assumedLost() async throws { try await HostsReadiness.assumedLost() }
}

@Suite("Readiness on MariaDB", .serialized, .needsHosts, .hostsLab("mariadb"))
struct HostsMariaDBReadinessTests {
  @Test("a healthy pair is ready; each thing that is wrong is found, with what to do")
  func readiness() async throws { try await HostsReadiness.run() }

  @Test("the replica's server is down: not ready")
  func replicaDown() async throws { try await HostsReadiness.replicaDown() }

  @Test("a site assumed lost: no connection to it")
  func assumedLost() async throws { try await HostsReadiness.assumedLost() }
}
