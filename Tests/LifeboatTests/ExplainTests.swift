import Foundation
import Journal
import Testing

@Suite("Where a run stands, for whoever was not there")
struct ExplainTests {
  @Test(
    "waiting: who can unblock it, what was seen, and the command; then done, and what is still to be seen to"
  )
  func waitingThenDone() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let waiting = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-failover"), "--no-input"])
      #expect(waiting.code == 4, "\(waiting)")
      let standing = try await lab.standing()
      #expect(standing.state == "waiting")
      #expect(standing.blocks.map(\.step) == ["stop-production"])
      let seen = try #require(standing.blocks.first?.evidence.first { $0.decisive })
      #expect(seen.fact?.subject.hasPrefix("production.scheduler") == true)
      #expect(seen.fact?.source == "probed" && seen.entry > 0 && !seen.at.isEmpty)
      #expect(standing.unblocking.contains { $0.kind == "people" && $0.gate?.gate == "attest" })
      #expect(
        standing.unblocking.contains {
          $0.kind == "target" && $0.target == "production.scheduler"
        })
      #expect(
        standing.next.first?.command.contains("--attest stop-production=") == true,
        "\(standing.next)")
      #expect(standing.abort.state == "nothing_done")
      let text = try await lab.lifeboat(["explain"]).output
      #expect(text.contains("who can unblock it: a person who can say:"))
      #expect(text.contains("can't be told: host production.scheduler can't be reached"))
      try await lab.expectNote(contains: [
        "**WAITING**", "stop-production: waiting", "--attest stop-production=",
      ])

      #expect(try await lab.lifeboat(["resume"] + TestLab.attestation).code == 0)
      let done = try await lab.standing()
      #expect(done.state == "done" && done.blocks.isEmpty && done.next.isEmpty)
      #expect(done.abort.state == "not_applicable")
      try await lab.expectNote(contains: [
        "**DONE**", "stop-production: ", "power is off", "when it answers again",
      ])
    }
  }

  @Test("begun anew while another run waits: that one is named, until a run is done")
  func unfinished() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let execute = ["execute", Programs.runbook("scheduler-failover"), "--no-input"]
      let first = try await lab.lifeboat(execute)
      #expect(first.code == 4 && !first.output.contains("is unfinished"), "\(first)")
      let run = try await lab.standing().run
      let second = try await lab.lifeboat(execute)
      #expect(second.code == 4, "\(second)")
      #expect(second.output.contains("! \(run) (scheduler-failover) is unfinished: waiting"))
      let standing = try await lab.standing()
      #expect(standing.run != run && standing.unfinished.map(\.run) == [run])
      #expect(standing.unfinished.map(\.state) == ["waiting"])
      let text = try await lab.lifeboat(["explain"]).output
      #expect(text.contains("'lifeboat resume \(run)' goes on with it"), "\(text)")
      try await lab.expectNote(contains: ["\(run) (scheduler-failover) is unfinished"])

      #expect(try await lab.lifeboat(["resume"] + TestLab.attestation).code == 0)
      #expect(try await lab.standing().unfinished.isEmpty)
      let again = try await lab.lifeboat(execute + TestLab.attestation)
      #expect(again.code == 0 && !again.output.contains("is unfinished"), "\(again)")
    }
  }

  @Test("another run can't be read: that is said, of this one all else, and a new one is begun")
  func unreadable() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let execute = ["execute", Programs.runbook("scheduler-failover"), "--no-input"]
      #expect(try await lab.lifeboat(execute).code == 4)
      let run = try await lab.standing().run
      // As another version might write it.
      let journal = Journal(store: try SQLiteJournalStore.open(directory: lab.home))
      try await journal.append(
        EntryDraft(
          at: Timestamp(.now), kind: GateAsked.kind, run: run, step: "stop-production",
          body: ["gate": "attest", "required": "one"], needsLease: false), under: nil)
      try journal.close()
      let second = try await lab.lifeboat(execute)
      #expect(second.code == 4, "\(second)")
      #expect(second.output.contains("! \(run) (scheduler-failover), "), "\(second)")
      #expect(second.output.contains("whether it is unfinished can't be told"), "\(second)")
      let standing = try await lab.standing()
      #expect(standing.run != run && standing.state == "waiting")
      #expect(standing.unfinished.map(\.run) == [run])
      #expect(standing.unfinished.map(\.state) == ["unreadable"])
    }
  }

  @Test("refused by a guard: which demand, and what it found")
  func refusedByGuard() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      try await lab.promote("dr")
      let refused = try await lab.lifeboat([
        "execute", try lab.single("failover_table.truncate", target: "scheduler@dr"),
      ])
      #expect(refused.code == 2, "\(refused)")
      let standing = try await lab.standing()
      #expect(standing.state == "refused")
      #expect(standing.blocks.first?.code == "guard.refused")
      #expect(
        standing.blocks.first?.evidence.contains {
          $0.decisive && $0.guarding?.id == "other-schedulers-stopped"
        } == true)
      #expect(standing.unblocking.first?.kind == "cause")
      #expect(standing.next.first?.command == "lifeboat resume \(standing.run)")
      try await lab.expectNote(contains: ["**REFUSED**", "other-schedulers-stopped"])
    }
  }

  @Test("refused by a precheck: there is nothing to resume")
  func refusedByPrecheck() async throws {
    try await TestLab.with { lab in
      try FileManager.default.removeItem(atPath: lab.databasePath("dr"))
      let refused = try await lab.lifeboat(["execute", Programs.runbook("scheduler-switchover")])
      #expect(refused.code == 2, "\(refused)")
      let standing = try await lab.standing()
      #expect(standing.state == "refused")
      #expect(standing.blocks.contains { $0.step == "replica-current" && $0.kind == "precheck" })
      #expect(standing.next.isEmpty && standing.abort.state == "not_applicable")
    }
  }

  @Test("failed: the cause; put right, it goes on")
  func failed() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = try lab.single(
        "command.run", target: "dr.scheduler",
        "with: { command: [test, -e, \"\(lab.lab)/here\"], unless: [test, -e, \"\(lab.lab)/here\"] }"
      )
      #expect(try await lab.lifeboat(["execute", runbook]).code == 1)
      let standing = try await lab.standing()
      #expect(standing.state == "failed" && standing.blocks.map(\.kind) == ["failed"])
      #expect(standing.unblocking.map(\.kind) == ["cause"])
      #expect(standing.abort.state == "over" && standing.abort.until == ["only"])
      try await lab.expectNote(contains: ["**FAILED**", "only: failed"])
    }
  }

  @Test("killed, then in doubt: who may say that it is to be done again")
  func inDoubt() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = try lab.single(
        "command.run", target: "dr.scheduler",
        "with: { command: [touch, \"\(lab.lab)/out\"], unless: [test, -e, \"\(lab.lab)/sent\"] }")
      let killed = try await lab.lifeboat(["execute", runbook], crashAt: "only:act.after")
      #expect(killed.code == 137, "\(killed)")
      let dead = try await lab.standing()
      #expect(dead.state == "killed" && dead.blocks.map(\.kind) == ["may_have_acted"])
      #expect(dead.unblocking.map(\.kind) == ["anybody"])
      #expect(dead.next.first?.command == "lifeboat resume \(dead.run)")

      #expect(try await lab.lifeboat(["resume"]).code == 3)
      let standing = try await lab.standing()
      #expect(standing.state == "in_doubt")
      #expect(standing.unblocking.first?.gate?.gate == "redo")
      #expect(standing.next.first?.command.contains("--redo only=") == true)
      try await lab.expectNote(contains: ["**IN DOUBT**", "killed", "--redo only="])
      try lab.removeFiles(["out"])
    }
  }

  @Test("a run that was undone says by which one")
  func aborted() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let killed = try await lab.lifeboat(
        ["execute", Programs.runbook("scheduler-switchover")],
        crashAt: "reverse-replication:step.started")
      #expect(killed.code == 137)
      let before = try await lab.standing()
      #expect(before.abort.state == "free" && before.abort.until == ["truncate-failover"])
      #expect(before.abort.undoes == ["stop-scheduler"])
      #expect(before.next.contains { $0.command == "lifeboat abort \(before.run) --rehearse" })
      #expect(try await lab.lifeboat(["abort"] + AbortTests.agreed).code == 0)

      let aborted = try await lab.standing(of: before.run)
      let by = try #require(aborted.abortedBy)
      #expect(aborted.state == "aborted" && aborted.next.first?.command == "lifeboat explain \(by)")
      let abort = try await lab.standing()
      #expect(abort.run == by && abort.aborts == before.run && abort.state == "done")
      let report = try await lab.lifeboat(["audit", "report", before.run, "--output", "json"])
      #expect(report.output.contains("\"aborted\"") && report.output.contains(by), "\(report)")
    }
  }

  @Test("the note is for people alone")
  func noteIsText() async throws {
    try await TestLab.with { lab in
      let ran = try await lab.lifeboat(["explain", "--handover", "--output", "json"])
      #expect(ran.code == 64, "\(ran)")
    }
  }
}

/// As much of what `explain --output json` says as the tests need.
struct StandingAnswer: Decodable {
  struct Fact: Decodable {
    let subject: String
    let source: String
  }
  struct Guarding: Decodable { let id: String }
  struct Evidence: Decodable {
    let fact: Fact?
    let guarding: Guarding?
    let decisive: Bool
    let at: String
    let entry: Int

    enum CodingKeys: String, CodingKey {
      case fact, decisive, at, entry
      case guarding = "guard"
    }
  }
  struct Block: Decodable {
    let step: String
    let kind: String
    let code: String?
    let evidence: [Evidence]
  }
  struct Gate: Decodable { let gate: String }
  struct Unblocking: Decodable {
    let kind: String
    let gate: Gate?
    let target: String?
  }
  struct Next: Decodable { let command: String }
  struct Abort: Decodable {
    let state: String
    let until: [String]
    let undoes: [String]
  }

  let schema: String
  let run: String
  let state: String
  let blocks: [Block]
  let unblocking: [Unblocking]
  let next: [Next]
  let abort: Abort
  let aborts: String?
  let abortedBy: String?
  let unfinished: [Unfinished]

  struct Unfinished: Decodable {
    let run: String
    let state: String
  }

  enum CodingKeys: String, CodingKey {
    case schema, run, state, blocks, unblocking, next, abort, aborts, unfinished
    case abortedBy = "aborted_by"
  }
}

extension TestLab {
  fileprivate func standing(of run: String? = nil) async throws -> StandingAnswer {
    let ran = try await lifeboat(
      ["explain", "--output", "json"] + (run.map { [$0] } ?? []))
    try #require(ran.code == 0, "\(ran)")
    let standing = try JSONDecoder().decode(StandingAnswer.self, from: Data(ran.output.utf8))
    #expect(standing.schema == "lifeboat-standing/1")
    return standing
  }

  /// The hand-over note has all its sections, and says these things.
  fileprivate func expectNote(contains words: [String]) async throws {
    let note = try await lifeboat(["explain", "--handover"])
    #expect(note.code == 0, "\(note)")
    let sections = [
      "Do next", "In doubt", "Open", "Vouched for, and still to be seen to",
      "Otherwise than planned", "Done", "What happened",
    ]
    for section in sections { #expect(note.output.contains("\n## \(section)\n"), "\(note)") }
    for word in words {
      #expect(note.output.lowercased().contains(word.lowercased()), "\(word) in \(note)")
    }
  }

  fileprivate func single(
    _ action: String, target: String, _ more: String = ""
  ) throws -> String {
    try runbook(
      """
      runbook: single-step
      description: One step.
      run_type: failover
      steps:
        - id: only
          action: \(action)
          target: \(target)
          timeout: 10s
          \(more)
      """)
  }
}
