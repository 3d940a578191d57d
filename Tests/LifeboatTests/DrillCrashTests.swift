import Engine
import Foundation
import Testing

/// The runner of a drill is killed at every named crash point of every step; whichever way is gone on, nothing is left.
@Suite("A drill that is killed leaves nothing behind")
struct DrillCrashTests {
  static let points = CrashMatrixTests.points(
    acting: [
      "copy-replica": 7, "promote-copy": 1, "truncate-failover": 1, "start-drill": 3,
      "remove-drill": 6,
    ],
    looking: [
      "no-foreign-guid", "production-goes-on", "in-control", "production-went-on",
      "replica-went-on", "standby-still-stopped",
    ])

  /// One of each kind of place, of each step that makes something.
  static let chosenPoints = [
    "copy-replica:act.call-2", "copy-replica:act.call-6", "promote-copy:act.call-1",
    "start-drill:act.call-2", "remove-drill:act.call-3", "remove-drill:act.call-5",
    "remove-drill:outcome.after", "run:run.before-end",
  ]

  static var tested: [String] {
    ProcessInfo.processInfo.environment["LIFEBOAT_FAULTS"] == nil ? chosenPoints : points
  }

  @Test("resumed, it comes to its end", arguments: tested)
  func resumed(point: String) async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: point)
      try #require(killed.code == 137, "the point was not reached: \(killed)")
      let resumed = try await lab.lifeboat(["resume", "--no-input"])
      let isOver = point == "run:\(CrashPoint.runAfterEnd.name)"
      #expect(resumed.code == (isOver ? 2 : 0), "\(resumed)")
      try await lab.expectNoDrillLeft()
      try await lab.expectProductionUntouched()
    }
  }

  /// Up to where its map says that abort is free.
  static let beforeRemoval = [
    "copy-replica:act.call-2", "copy-replica:act.call-6", "copy-replica:outcome.after",
    "truncate-failover:act.after", "start-drill:act.call-2", "production-went-on:step.started",
  ]

  static var abortedAt: [String] {
    tested.count == points.count
      ? beforeRemoval : ["copy-replica:act.call-6", "start-drill:act.call-2"]
  }

  @Test("aborted, it is removed", arguments: abortedAt)
  func aborted(point: String) async throws {
    try await TestLab.forDrills { lab in
      let killed = try await lab.drill(crashAt: point)
      try #require(killed.code == 137, "the point was not reached: \(killed)")
      let aborted = try await lab.lifeboat(
        ["abort", "--no-input", "--approve", "\(UndoPlan.gate)=enough for today"])
      #expect(aborted.code == 0, "\(aborted)")
      try await lab.expectNoDrillLeft()
      try await lab.expectProductionUntouched()
    }
  }
}
