import Foundation
import Runbook
import Testing

@testable import Engine

/// The real engine with the real actions' judgements, in an imagined world that goes wrong at random: no rule that the proof
/// holds is ever broken, and in the end one scheduler is in control. `LIFEBOAT_SCHEDULES` says how many schedules there are,
/// `LIFEBOAT_SCHEDULE_SEED` repeats one.
@Suite("Random faults under the real engine")
struct FaultScheduleTests {
  private static let environment = ProcessInfo.processInfo.environment

  static let given = environment["LIFEBOAT_SCHEDULE_SEED"].flatMap { UInt64($0) }
  static let count = environment["LIFEBOAT_SCHEDULES"].flatMap { UInt64($0) } ?? 10_000

  static let seeds: Range<UInt64> = {
    if let given { return given..<(given + 1) }
    let first = UInt64.random(in: 0 ... .max >> 16)
    return first..<(first + count)
  }()

  private static let inventories = ["lab/sites", "hosts/postgresql", "hosts/mariadb"].map {
    "Fixtures/\($0).yaml"
  }

  @Test("break no rule, and end with one scheduler in control")
  func shipped() async throws {
    let seeds = Self.seeds
    tell("schedules \(seeds.lowerBound) to \(seeds.upperBound - 1)")
    let plans = try Self.inventories.flatMap { inventory in
      try ["scheduler-failover", "scheduler-switchover"].map {
        try ScheduledPlan(Variant($0, of: $0), in: inventory)
      }
    }
    let count = UInt64(plans.count)
    let finding = try await withThrowingTaskGroup(of: String?.self) { group -> String? in
      let workers = UInt64(ProcessInfo.processInfo.activeProcessorCount)
      for worker in 0..<workers {
        group.addTask {
          for seed in seeds where seed / count % workers == worker {
            let plan = plans[Int(seed % count)]
            let result = try await FaultSchedule(plan, seed: seed).play()
            if Self.given != nil { tell(result.story.joined(separator: "\n")) }
            if let finding = try await plan.finding(in: result, seed: seed) {
              return finding.description
            }
            try Task.checkCancellation()
          }
          return nil
        }
      }
      defer { group.cancelAll() }
      for try await case let finding? in group { return finding }
      return nil
    }
    if let finding { Issue.record("\(finding)") }
  }

  private func tell(_ words: String) { FileHandle.standardError.write(Data("\(words)\n".utf8)) }

  /// By the same seeds each time. Where nothing comes to its end, either rule may be the first that is seen to be broken.
  @Test(
    "find the fault of a faulty runbook",
    arguments: VariantTests.cases)
  func faulty(_ faulty: VariantTests.Case) async throws {
    let plan = try ScheduledPlan(
      faulty.variant, in: faulty.inventory, asksPermit: faulty.asksPermit)
    var found: Set<String> = []
    for seed in 0..<Self.seedsOfVariant {
      let result = try await FaultSchedule(plan, seed: seed).play()
      guard let finding = try await plan.finding(in: result, seed: seed) else { continue }
      if Self.isAsGood(finding.code, faulty.code) { return }
      found.insert(finding.code)
    }
    Issue.record("\(faulty.code) isn't found; found \(found.sorted())")
  }

  private static let seedsOfVariant: UInt64 = 3000

  private static func isAsGood(_ found: String, _ code: String) -> Bool {
    let endless = ["no-way-to-control", "no-end"]
    return found == code || endless.contains(found) && endless.contains(code)
  }

  @Test("are the same each time")
  func repeated() async throws {
    let plan = try ScheduledPlan(Variant("scheduler-failover", of: "scheduler-failover"))
    for seed in UInt64(0)..<20 {
      let stories = [
        try await FaultSchedule(plan, seed: seed).play().story,
        try await FaultSchedule(plan, seed: seed).play().story,
      ]
      #expect(stories[0] == stories[1])
    }
  }
}

/// A rule that a schedule broke.
struct ScheduleFinding: CustomStringConvertible {
  let code: String
  let words: String
  let plan: Plan
  let seed: UInt64
  let result: FaultSchedule.Result

  var description: String {
    """
    \(plan.runbook) with the seed \(seed): \(words) (\(code))
    At the beginning: \(result.beginning.name)
    \(result.story.joined(separator: "\n"))
    To repeat it: LIFEBOAT_SCHEDULE_SEED=\(seed) swift test --filter FaultScheduleTests
    """
  }
}

extension ScheduledPlan {
  /// What a schedule broke; nil when nothing.
  func finding(
    in result: FaultSchedule.Result, seed: UInt64
  ) async throws -> ScheduleFinding? {
    try await breach(of: result).map {
      ScheduleFinding(code: $0.code, words: $0.words, plan: plan, seed: seed, result: result)
    }
  }

  private func breach(of result: FaultSchedule.Result) async throws -> ProofBreach? {
    if let breach = result.breaches.first { return breach }
    guard result.isBegun else { return nil }
    if !result.isInOrder {
      return ProofBreach("no-way-to-control", "in the end not exactly one scheduler is in control")
    }
    guard !result.isDone, !result.beginning.isGoal else { return nil }
    let mustEnd = try await ends(from: result.beginning)
    guard try await isEndless() || mustEnd else { return nil }
    return ProofBreach("no-end", "the run can't be brought to its end")
  }
}
