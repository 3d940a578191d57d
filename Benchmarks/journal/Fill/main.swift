import Foundation
import Journal

// Fills a journal with so many entries as a site writes over years: a rehearsal and two executions in turn, one a quarter of an hour.

/// What one entry of a run is made of, before it has its time.
struct Draft {
  let kind: String
  let step: String?
  let body: JSON
  /// After the entry before.
  let delay: Duration
}

struct History {
  private static let steps = [
    ("stop-scheduler", "service.stop", "production.scheduler"),
    ("reverse-replication", "replication.reverse", "scheduler"),
    ("truncate-failover", "failover_table.truncate", "scheduler@dr"),
    ("no-foreign-guid", "failover_table.no_foreign_guid", "scheduler@dr"),
    ("start-scheduler", "service.start", "dr.scheduler"),
    ("in-control", "failover_table.in_control", "scheduler@dr"),
  ]
  private static let person = PersonRecord(user: "root", host: "ops-1", realUser: "jdoe")
  private static let hosts: JSON = .array(
    ["production", "dr"].map { site in
      [
        "name": "scheduler", "site": .string(site), "elevation": "sudo",
        "connection": ["ssh": ["address": .string("scheduler.\(site).example.net"), "port": 22]],
        "services": ["JAMSServer", "JAMSExecutor", "JAMSScheduler"],
        "guid": ["file": ["path": "/etc/scheduler/Server.config", "element": "InstalledGUID"]],
      ]
    })

  private var clock = Timestamp(microsecondsSince1970: 1_600_000_000_000_000)
  private var count = 0

  /// The entries of the next run.
  mutating func nextRun() throws -> [EntryDraft] {
    count += 1
    let type: RunStarted.RunKind = count.isMultiple(of: 3) ? .rehearsal : .execution
    clock = clock.advanced(by: .seconds(900))
    let name = "r-\(clock.description.filter(\.isNumber).prefix(14))-\(String(count, radix: 16))"
    var moment = clock
    return try (type == .rehearsal ? rehearsal() : execution()).map { draft in
      moment = moment.advanced(by: draft.delay)
      return EntryDraft(
        at: moment, kind: draft.kind, run: name, step: draft.step, body: draft.body,
        needsLease: false)
    }
  }

  private func draft<R: Record>(_ record: R, _ step: String? = nil, after delay: Duration) throws
    -> Draft
  {
    Draft(kind: R.kind, step: step, body: try JSON(encoding: record), delay: delay)
  }

  private func start(_ type: RunStarted.RunKind) throws -> Draft {
    let steps = Self.steps.enumerated().map { place, step -> JSON in
      [
        "id": .string(step.0), "name": .string("Do \(step.0)"), "action": .string(step.1),
        "target": ["host": Self.hosts[place % 2] ?? .null], "arguments": [:], "critical": true,
        "depends": place == 0 ? [] : [.string(Self.steps[place - 1].0)], "timeout": "2m",
        "on_error": "stop", "on_unreachable": "fail", "overridden_guards": [:],
      ]
    }
    let plan: JSON = [
      "runbook": "scheduler-switchover", "run_type": "switchover", "steps": .array(steps),
      "prechecks": [], "parameters": ["from": "production", "to": "dr"],
      "objectives": ["rto": "15m", "rpo": "0s"], "inventory": ["sites": Self.hosts],
    ]
    return try draft(
      RunStarted(
        type: type, runbook: "scheduler-switchover", runType: "switchover",
        description: "Move the job scheduler to the other site.",
        planDigest: "sha256:" + String(repeating: "0f", count: 32), plan: plan,
        runbookFile: "/srv/scheduler-switchover.yaml", inventoryFile: "/srv/sites.yaml",
        givenParameters: [:], sites: ["dr", "production"], person: Self.person, version: "0.1.0",
        acceptedPrechecks: [:], takenOverFrom: []), after: .zero)
  }

  private func facts(_ target: String, _ state: String) -> [FactRecord] {
    ["server", "executor", "scheduler"].flatMap { service in
      ["state", "start_type"].map { property in
        FactRecord(
          subject: "\(target)/\(service)", property: property, value: .string(state),
          source: "probed", at: clock)
      }
    }
  }

  private func rehearsal() throws -> [Draft] {
    try [start(.rehearsal)]
      + Self.steps.map { id, action, target in
        try draft(
          StepRehearsed(
            name: "Do \(id)", action: action, target: target, outcome: .wouldChange,
            basis: .predicted, message: "would do \(id)", observation: facts(target, "running"),
            guards: [], predicted: facts(target, "stopped")), id, after: .milliseconds(120))
      } + [end("could be executed now; nothing was changed", ["would_change": 6])]
  }

  private func execution() throws -> [Draft] {
    let verdict = VerdictRecord(verdict: "needed", explanation: "do it on the target")
    let guards = [
      GuardRecord(id: "target-reachable", demand: "the target can be read", finding: "holds")
    ]
    return try [start(.execution)]
      + Self.steps.enumerated().flatMap { place, step in
        let (id, action, target) = step
        return [
          try draft(
            StepStarted(
              name: "Do \(id)", action: action, target: target, place: place + 1, count: 6), id,
            after: .milliseconds(5)),
          try draft(
            StepIntent(
              attempt: 1, verdict: verdict, observation: facts(target, "running"), guards: guards,
              predicted: facts(target, "stopped")), id, after: .milliseconds(100)),
          try draft(
            StepActed(attempt: 1, evidence: ["done": .string(id)]), id,
            after: .milliseconds(200 + count % 300)),
          try draft(
            StepEnded(
              outcome: .changed, message: "\(id) is done on \(target), number \(count)",
              observation: facts(target, "stopped"), guards: guards), id,
            after: .milliseconds(80)),
        ]
      } + [end("every step is verified", ["changed": 6])]
  }

  private func end(_ message: String, _ outcomes: [String: Int]) throws -> Draft {
    try draft(
      RunEnded(ending: .done, message: message, resumable: false, outcomes: outcomes),
      after: .milliseconds(10))
  }
}

let arguments = CommandLine.arguments
guard arguments.count == 3, let wanted = Int(arguments[2]) else {
  FileHandle.standardError.write(Data("usage: journal-fill DIRECTORY ENTRIES\n".utf8))
  exit(64)
}
let journal = try Journal.open(directory: arguments[1])
var history = History()
var size = try await journal.head().size
while size < wanted {
  var batch: [EntryDraft] = []
  while batch.count < 5000, size + batch.count < wanted { batch += try history.nextRun() }
  try await journal.append(batch, under: nil)
  size += batch.count
}
try journal.close()
