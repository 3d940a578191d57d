import Engine
import Foundation
import TestSupport
import Testing

/// The embedded lab with everything in it real, and troubles at random: the runner is killed at crash points, production loses its
/// power and comes back. Each run must be one that the proof's model allows. `LIFEBOAT_LAB_SCHEDULES` says how many schedules there are,
/// `LIFEBOAT_LAB_SCHEDULE_SEED` repeats one.
@Suite("Random faults in the lab")
struct LabScheduleTests {
  private static let environment = ProcessInfo.processInfo.environment

  static let seeds: [UInt64] = {
    if let given = environment["LIFEBOAT_LAB_SCHEDULE_SEED"].flatMap({ UInt64($0) }) {
      return [given]
    }
    let count = environment["LIFEBOAT_LAB_SCHEDULES"].flatMap { UInt64($0) } ?? 6
    let first = UInt64.random(in: 0...1_000_000)
    return (0..<count).map { first + $0 }
  }()

  @Test("a run gets to its end, in a way that the model allows", arguments: seeds)
  func schedule(seed: UInt64) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      var schedule = LabSchedule(lab, seed: seed)
      try await schedule.play()
      try await expectDRInControl(lab)
    }
  }

  /// At random one schedule of a hundred does so.
  @Test("production comes back after the replication was reversed")
  func comesBackLate() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      try await lab.waitForShippedGUID()
      try await lab.strikeProduction()
      let killed = try await lab.failover(
        crashAt: "no-foreign-guid:\(CrashPoint.beforeOutcome.name)")
      try #require(killed.code == 137, "\(killed)")
      let healed = try await lab.lab("heal", ["production"])
      try #require(healed.code == 0, "\(healed)")
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      #expect(resumed.code == 0, "\(resumed)")
      try await expectDRInControl(lab)
    }
  }

  private func expectDRInControl(_ lab: TestLab) async throws {
    try await lab.waitForJobs(at: "dr")
    try await lab.expectInControl("dr")
    try lab.expectTurns(["production", "dr"])
    try await lab.expectOnePermitAtEveryPrefix(endingAt: "dr")
    try await lab.expectAllowedByModel()
  }
}

/// One schedule: lives of a runner, between which production may be struck and healed.
private struct LabSchedule {
  private static let lives = 3
  private static let runbooks = [
    "scheduler-failover": [
      "stop-production", "reverse-replication", "truncate-failover", "no-foreign-guid", "start-dr",
      "in-control",
    ],
    "scheduler-switchover": [
      "stop-scheduler", "reverse-replication", "truncate-failover", "no-foreign-guid",
      "start-scheduler", "in-control",
    ],
  ]

  private struct NoEnd: Error, CustomStringConvertible {
    let description: String
  }

  private enum Production {
    case whole
    case struck
    /// It was struck once: that is enough for one schedule.
    case healed
  }

  private let lab: TestLab
  private let runbook: String
  private let steps: [String]
  private var random: SeededGenerator
  private var production = Production.whole
  private var isBegun = false
  private var story: String

  init(_ lab: TestLab, seed: UInt64) {
    self.lab = lab
    random = SeededGenerator(seed: seed)
    let (name, steps) =
      Self.runbooks.sorted { $0.key < $1.key }.randomElement(using: &random) ?? ("", [])
    (runbook, self.steps) = (name, steps)
    story = "LIFEBOAT_LAB_SCHEDULE_SEED=\(seed): \(name)"
  }

  mutating func play() async throws {
    for _ in 0..<Self.lives {
      try await meddle()
      if try await live(dyingAt: Int.random(in: 0..<3, using: &random) > 0 ? crashPoint() : nil) {
        return
      }
    }
    // A switchover needs both sites.
    if production == .struck, runbook == "scheduler-switchover" { try await heal() }
    for _ in 0..<Self.lives { if try await live(dyingAt: nil) { return } }
    throw NoEnd(description: "it didn't come to its end. \(story)")
  }

  private mutating func meddle() async throws {
    switch production {
    case .whole where Int.random(in: 0..<3, using: &random) == 0:
      story += "; production loses its power"
      try await lab.strikeProduction()
      production = .struck
    case .struck where Bool.random(using: &random):
      try await heal()
    case .whole, .struck, .healed: break
    }
  }

  private mutating func heal() async throws {
    story += "; production comes back"
    let healed = try await lab.lab("heal", ["production"])
    try #require(healed.code == 0, "\(healed)")
    production = .healed
  }

  /// Not within an act: the model has all of its effect or nothing.
  private mutating func crashPoint() -> String? {
    if Int.random(in: 0..<6, using: &random) == 0 {
      return CrashPoint.ofRun.randomElement(using: &random).map { "run:\($0.name)" }
    }
    guard let step = steps.randomElement(using: &random) else { return nil }
    return CrashPoint.ofStep.randomElement(using: &random).map { "\(step):\($0.name)" }
  }

  /// Resumes what can be resumed, else begins anew. Whether the run has come to its end.
  private mutating func live(dyingAt point: String?) async throws -> Bool {
    let answers =
      production == .struck && runbook == "scheduler-failover" ? TestLab.attestation : []
    if isBegun, let isDone = try await resume(dyingAt: point, answers) { return isDone }
    let begun = try await lab.lifeboat(
      ["execute", "--no-input", Programs.runbook(runbook)] + answers, crashAt: point)
    story += "; execute\(point.map { ", dying at \($0)" } ?? ""): \(begun.code)"
    isBegun = true
    return begun.code == 0
  }

  /// Nil where there is nothing to resume.
  private mutating func resume(dyingAt point: String?, _ answers: [String]) async throws -> Bool? {
    let resumed = try await lab.lifeboat(["resume", "--no-input"] + answers, crashAt: point)
    story += "; resume\(point.map { ", dying at \($0)" } ?? ""): \(resumed.code)"
    guard resumed.error.contains("there is nothing to resume") else { return resumed.code == 0 }
    return resumed.error.contains("has ended (done)") ? true : nil
  }
}
