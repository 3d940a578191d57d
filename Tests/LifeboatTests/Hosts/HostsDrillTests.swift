import Engine
import Foundation
import TestSupport
import Testing

/// The shipped drill on machines that ssh and systemd reach.
@Suite("A drill in isolation on PostgreSQL", .serialized, .needsHosts, .hostsLab("postgresql"))
struct HostsDrillTests {
  @Test("rehearsed, nothing changes; executed, production goes on, and nothing is left; and again")
  func drill() async throws {
    let lab = try HostsLab.get()
    let client = try WritingClient(lab)
    try await client.untilAcknowledged(10)
    let rehearsed = try await lab.drill("rehearse")
    #expect(rehearsed.code == 0, "\(rehearsed)")
    #expect(rehearsed.output.contains("pg_basebackup --pgdata=/var/lib/lifeboat-drill/copy/data"))
    #expect(rehearsed.output.contains("abort is free until step 11, remove-drill"))
    try await lab.expectNoDrillLeft()

    for _ in 1...2 {
      let ran = try await lab.drill()
      #expect(ran.code == 0, "\(ran)")
      #expect(ran.output.contains("dr.drill is in control of scheduler@dr.drill"))
      try await lab.expectNoDrillLeft()
    }
    try await client.untilAcknowledged(10)
    try await client.stop()
    #expect(try client.turns == ["production-database:5432"])
    let pauses = zip(try client.attempts, try client.attempts.dropFirst())
      .map { $1.startedUptimeMs - $0.endedUptimeMs }
    #expect((pauses.max() ?? 0) < 3000, "production stood still for \(pauses.max() ?? 0) ms")
    try await lab.expectInControl("production")
    let written = Set(try client.attempts.filter(\.acknowledged).map(\.number))
    try await eventually("the replica has followed") {
      try await lab.writtenRows(at: "dr").isSuperset(of: written)
    }
  }

  @Test("all that runs is in the drill's network, and is removed where the runner was killed")
  func killed() async throws {
    let lab = try HostsLab.get()
    let begun = try await lab.drill(crashAt: "production-went-on:step.started")
    try #require(begun.code == 137, "\(begun)")
    let run = try await lab.lastDrill()
    try await lab.expectDrillRunsInItsNetwork()
    let second = try await lab.drill()
    #expect(second.code == 2, "\(second)")
    #expect(second.output.contains("another drill is under way, or was not removed"))
    let aborted = try await lab.lifeboat(
      ["abort", run, "--no-input", "--approve", "\(UndoPlan.gate)=enough for today"])
    #expect(aborted.code == 0, "\(aborted)")
    try await lab.expectNoDrillLeft()

    for point in ["copy-replica:act.call-6", "copy-replica:act.call-10", "remove-drill:act.call-5"]
    {
      let killed = try await lab.drill(crashAt: point)
      try #require(killed.code == 137, "\(point) was not reached: \(killed)")
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      #expect(resumed.code == 0, "\(point): \(resumed)")
      try await lab.expectNoDrillLeft()
    }
    try await lab.expectInControl("production")
  }

  @Test("one that fails half-way removes itself")
  func failing() async throws {
    let lab = try HostsLab.get()
    let unit = "lab-drill-server"
    try await lab.changing(unit, "ExecStartPre=/bin/false") {
      let failed = try await lab.drill()
      #expect(failed.code == 1, "\(failed)")
      #expect(failed.output.contains("\(unit) on dr.drill does not run"))
    }
    try await lab.root("dr-database", "systemctl reset-failed \(unit)")
    try await lab.expectNoDrillLeft()
  }

  @Test("a unit that would run outside of the drill's network is not started")
  func unitOutside() async throws {
    let lab = try HostsLab.get()
    let unit = "lifeboat-drill-postgresql"
    let ways = [
      ("NetworkNamespacePath=", "has the machine's network"), ("User=postgres", "runs as postgres"),
    ]
    for (setting, words) in ways {
      try await lab.changing(unit, setting) {
        let refused = try await lab.drill()
        #expect(refused.code == 2, "\(refused)")
        #expect(refused.output.contains("\(unit) \(words)"), "\(refused)")
        // The action refuses by itself, too.
        let accepted = try await lab.drill(["--accept", "isolated=a test of the guard"])
        #expect(accepted.output.contains("is-isolated"), "\(accepted)")
        #expect(!accepted.output.contains("2/11 promote-copy"), "\(accepted)")
        try await lab.expectNoDrillLeft()
      }
    }
  }

  @Test("the real scheduler of the site runs, or something else is there: nothing is begun")
  func refused() async throws {
    let lab = try HostsLab.get()
    try await lab.changing("lab-server", "ExecCondition=", on: "dr-scheduler") {
      try await lab.root("dr-scheduler", "systemctl start lab-server")
      let refused = try await lab.drill()
      #expect(refused.code == 2 && refused.output.contains("✗ standby-stopped"), "\(refused)")
      let accepted = try await lab.drill(["--accept", "standby-stopped=a test of the guard"])
      #expect(accepted.output.contains("real-scheduler-stopped"), "\(accepted)")
      try await lab.root("dr-scheduler", "systemctl stop lab-server")
    }
    try await lab.expectNoDrillLeft()

    let directory = "/var/lib/lifeboat-drill/copy"
    try await lab.root("dr-database", "mkdir \(directory) && echo mine > \(directory)/data")
    let refused = try await lab.drill(["--accept", "no-other-drill=a test of what follows"])
    #expect(refused.code != 0 && refused.output.contains("no mark of a drill"), "\(refused)")
    try await lab.root("dr-database", "grep mine \(directory)/data && rm -r \(directory)")
    try await lab.expectNoDrillLeft()
  }
}

extension HostsLab {
  /// What the proof finds of the drill is the embedded lab's to test; it takes long where the program isn't optimised.
  fileprivate func drill(
    _ verb: String = "execute", _ more: [String] = [], crashAt: String? = nil
  ) async throws -> Ran {
    try await at(
      "operator",
      Self.terminal(crashAt) + ["LIFEBOAT_PROOF_STATES=0", "/usr/local/bin/lifeboat", verb]
        + [Self.runbook("scheduler-drill")] + (verb == "execute" ? ["--no-input"] : []) + more)
  }

  fileprivate func drill(_ more: [String]) async throws -> Ran { try await drill("execute", more) }

  /// A shell's words at a machine, which must succeed.
  fileprivate func root(_ machine: String, _ script: String) async throws {
    let ran = try await at(machine, ["sh", "-c", script])
    try #require(ran.code == 0, "\(script): \(ran)")
  }

  /// A unit has another setting for as long as `body` runs.
  fileprivate func changing(
    _ unit: String, _ setting: String, on machine: String = "dr-database",
    _ body: () async throws -> Void
  ) async throws {
    let directory = "/run/systemd/system/\(unit).service.d"
    try await root(
      machine,
      "mkdir -p \(directory) && printf '[Service]\\n%s\\n' '\(setting)' > \(directory)/zz-test.conf "
        + "&& systemctl daemon-reload")
    try await body()
    try await root(machine, "rm \(directory)/zz-test.conf && systemctl daemon-reload")
  }

  /// The id of the drill's execution that was begun last.
  fileprivate func lastDrill() async throws -> String {
    let listed = try await lifeboat(["audit", "list"])
    let runs = listed.output.split(separator: "\n").filter {
      $0.contains("execution") && $0.contains("scheduler-drill")
    }.compactMap { $0.split(separator: " ").first.map(String.init) }
    return try #require(runs.first, "\(listed)")
  }

  /// No file, no process and no unit of a drill is left, no way leads in, and what is real has no trace of it.
  fileprivate func expectNoDrillLeft() async throws {
    let left = try await at(
      "dr-database",
      [
        "sh", "-c",
        """
        ls -A /var/lib/lifeboat-drill
        ps -o pid=,args= -u lifeboat-drill
        ss --no-header --listening --numeric sport = :5433
        systemctl list-units --no-legend --plain --state=active,failed 'lab-drill-*' 'lifeboat-drill-p*'
        """,
      ])
    #expect(left.output.isEmpty, "\(left)")
    for site in ["production", "dr"] {
      let traces = """
        SELECT (SELECT count(*) FROM "Failover" WHERE host LIKE '%drill')
          + (SELECT count(*) FROM job_history WHERE host LIKE '%drill')
          + (SELECT count(*) FROM pg_replication_slots WHERE slot_name <> 'lifeboat_dr')
        """
      #expect(try await query(site, traces) == "0", "\(site)")
    }
  }

  /// Each process of the drill's account is in the drill's network, where the only way is the loopback.
  fileprivate func expectDrillRunsInItsNetwork() async throws {
    let seen = try await at(
      "dr-database",
      [
        "sh", "-c",
        """
        for pid in $(pgrep -u lifeboat-drill); do stat -L --format=%i /proc/$pid/ns/net; done | sort | uniq -c
        stat -L --format=%i /run/netns/lifeboat-drill
        """,
      ])
    let words = seen.output.split(whereSeparator: \.isWhitespace).map(String.init)
    #expect(words.count == 3 && words[1] == words[2], "\(seen)")
    #expect((Int(words.first ?? "") ?? 0) >= 8, "\(seen)")
  }
}
