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

  @Test("break no rule, and end with one scheduler in control")
  func shipped() async throws {
    let seeds = Self.seeds
    FileHandle.standardError.write(
      Data("schedules \(seeds.lowerBound) to \(seeds.upperBound - 1)\n".utf8))
    let plans = try ["scheduler-failover", "scheduler-switchover"].map {
      try ScheduledPlan(Variant($0, of: $0))
    }
    let finding = try await withThrowingTaskGroup(of: String?.self) { group -> String? in
      let workers = UInt64(ProcessInfo.processInfo.activeProcessorCount)
      for worker in 0..<workers {
        group.addTask {
          for seed in seeds where seed / 2 % workers == worker {
            let plan = plans[Int(seed % UInt64(plans.count))]
            if let finding = try await plan.finding(of: seed) { return finding.description }
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

  @Test("find the fault of a faulty runbook", arguments: VariantTests.cases)
  func faulty(_ faulty: VariantTests.Case) async throws {
    let plan = try ScheduledPlan(
      faulty.variant, in: faulty.inventory, asksPermit: faulty.asksPermit)
    var others: [String] = []
    for seed in 0..<UInt64(300) {
      guard let finding = try await plan.finding(of: seed) else { continue }
      if finding.code == faulty.code {
        print("XX", faulty.variant.name, finding.code, seed, others)
        return
      }
      others.append(finding.code)
    }
    Issue.record("\(faulty.code) isn't found; \(others.reduce(into: [:]) { $0[$1, default: 0] += 1 })")
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
  /// What the schedule of this seed breaks; nil when nothing.
  func finding(of seed: UInt64) async throws -> ScheduleFinding? {
    let result = try await FaultSchedule(self, seed: seed).play()
    return try await breach(of: result).map {
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
