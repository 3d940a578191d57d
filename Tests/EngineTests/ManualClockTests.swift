import Foundation
import Runbook
import TestSupport
import Testing

/// The clock that all of the engine's tests stand on.
struct ManualClockTests {
  @Test func timePassesOnlyWhenItIsToldTo() {
    let clock = ManualClock()
    let start = clock.now()
    #expect(clock.uptime() == .zero)
    clock.advance(by: .seconds(90))
    #expect(clock.uptime() == .seconds(90))
    #expect(clock.now().timeIntervalSince(start) == 90)
  }

  @Test func theWallClockMovesApart() {
    let clock = ManualClock()
    clock.setWall(clock.now() + 3600)
    #expect(clock.uptime() == .zero)
  }

  @Test func sleepersWakeInTheOrderOfTheirMoments() async throws {
    let clock = ManualClock()
    let order = try await clock.autoAdvancing {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for seconds in [3, 1, 2] {
          group.addTask {
            try await clock.sleep(for: .seconds(seconds))
            return seconds
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
    }
    #expect(order == [1, 2, 3])
    #expect(clock.uptime() == .seconds(3))
  }

  @Test func noTimePassesWhileSomebodyWorks() async throws {
    let clock = ManualClock()
    let worked = try await clock.autoAdvancing {
      try await withThrowingTaskGroup(of: Duration?.self) { group in
        group.addTask {
          try await clock.sleep(for: .seconds(1))
          return nil
        }
        group.addTask {
          for _ in 0..<100 { await Task.yield() }
          return clock.uptime()
        }
        return try await group.reduce(nil) { $0 ?? $1 }
      }
    }
    #expect(worked == .zero)
  }

  @Test func noTimePassesDuringWorkOutside() async throws {
    let clock = ManualClock()
    let worked = try await clock.autoAdvancing {
      async let sleeper: Void = clock.sleep(for: .seconds(1))
      let moment = await ManualClock.outside {
        await Task.detached { clock.uptime() }.value
      }
      try await sleeper
      return moment
    }
    #expect(worked == .zero)
  }

  @Test func aCancelledSleepEndsAtOnce() async throws {
    let clock = ManualClock()
    await clock.autoAdvancing {
      await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await clock.sleep(for: .seconds(3600))
            return false
          } catch {
            return error is CancellationError
          }
        }
        group.cancelAll()
        #expect(await group.next() == true)
      }
    }
    #expect(clock.uptime() == .zero)
    #expect(clock.sleeperCount == 0)
  }
}
