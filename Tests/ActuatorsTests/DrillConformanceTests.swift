import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The actions of a drill upon the real lab.
@Suite(.serialized) struct DrillConformanceTests {
  private static let copy = "scheduler@dr.drill"

  @Test("a drill, action by action: each conforms where it is needed")
  func drill() async throws {
    try await TestLab.with { lab in
      try await settle(lab)
      try await expectConformance(try lab.make(DrillAbsent.self, on: Self.copy), lab)
      try await expectConformance(try lab.make(DrillIsolated.self, on: "dr.drill"), lab)
      let production = try lab.make(DrillMayGoOn.self, on: "scheduler@production")
      try await expectConformance(production, lab)
      guard case .needed(let why) = try await lab.look(production).verdict else {
        Issue.record("a stopped production lets the drill go on")
        return
      }
      #expect(why.contains("begin the real failover"))

      try await expectConformance(try lab.make(DrillCopy.self, on: Self.copy), lab)
      try await expectConformance(try lab.make(DrillPromote.self, on: Self.copy), lab)
      let truncate = try lab.make(FailoverTruncate.self, on: Self.copy)
      try await expectConformance(truncate, lab)
      let start = try lab.make(ServiceStart.self, on: "dr.drill")
      #expect(start.guards.map(\.id).contains("is-isolated"))
      try await expectConformance(start, lab)
      let control = try lab.make(FailoverInControl.self, on: Self.copy)
      try await eventually("the drill's scheduler is in control of the copy") {
        try await lab.look(control).verdict.isSatisfied
      }
      try await expectConformance(try lab.make(DrillRemove.self, on: Self.copy), lab)
      #expect(!FileManager.default.fileExists(atPath: directory(lab)))
    }
  }

  @Test("each guard of making a copy says no when it should")
  func guards() async throws {
    try await TestLab.with { lab in
      try await settle(lab)
      let copying = try lab.make(DrillCopy.self, on: Self.copy)
      var observation = try await lab.look(copying).observation
      for each in copying.guards { #expect(each.check(observation) == .holds, "\(each.id)") }
      func violated(_ id: String) throws -> Bool {
        let each = try #require(copying.guards.first { $0.id == id })
        if case .violated = each.check(observation) { return true } else { return false }
      }
      observation.state("scheduler@dr", FactName.role, "primary")
      #expect(try violated("source-is-replica"))
      observation.state("dr.scheduler/server", FactName.serviceState, "running")
      #expect(try violated("real-scheduler-stopped"))
      observation.state(Self.copy, DirectoryFacts.freeBytes, .integer(1 << 20))
      #expect(try violated("enough-space"))
    }
  }

  @Test("what no drill made is neither acted on nor removed")
  func foreign() async throws {
    try await TestLab.with { lab in
      try await settle(lab)
      try FileManager.default.createDirectory(
        atPath: directory(lab), withIntermediateDirectories: false)
      try FileManager.default.copyItem(
        atPath: lab.databaseFile("dr"), toPath: "\(directory(lab))/scheduler.sqlite")
      for action in [
        try lab.make(DrillCopy.self, on: Self.copy) as any Action,
        try lab.make(DrillRemove.self, on: Self.copy),
      ] {
        guard case .blocked = try await lab.look(action).verdict else {
          Issue.record("\(type(of: action).schema.name) takes another's files for its own")
          continue
        }
      }
      for action in [
        try lab.make(DrillPromote.self, on: Self.copy) as any ActingAction,
        try lab.make(FailoverTruncate.self, on: Self.copy),
        try lab.make(ServiceStart.self, on: "dr.drill"),
      ] {
        let marked = try #require(action.guards.first { $0.id == "is-drills-copy" })
        guard case .violated = marked.check(try await lab.look(action).observation) else {
          Issue.record("\(type(of: action).schema.name) acts on another's files")
          continue
        }
      }
      try FileManager.default.removeItem(atPath: directory(lab))
    }
  }

  @Test("each keeps its word when the site can't be asked")
  func unreachable() async throws {
    try await TestLab.with { lab in
      try await lab.lab("disaster", "dr", "--kill")
      let actions: [any Action] = [
        try lab.make(DrillAbsent.self, on: Self.copy),
        try lab.make(DrillCopy.self, on: Self.copy),
        try lab.make(DrillIsolated.self, on: "dr.drill"),
        try lab.make(DrillPromote.self, on: Self.copy),
        try lab.make(DrillRemove.self, on: Self.copy),
        try lab.make(ServiceStart.self, on: "dr.drill"),
      ]
      try await expectConformsUnreachable(actions)
    }
  }

  // MARK: -

  private func directory(_ lab: TestLab) -> String { "\(lab.directory)/dr/drill/drill" }

  /// Production was in control, and is stopped: the rows of its table move no more.
  private func settle(_ lab: TestLab) async throws {
    let production = try lab.make(FailoverInControl.self, on: "scheduler@production")
    try await eventually("production in control") {
      try await lab.look(production).verdict.isSatisfied
    }
    try await lab.stop("production")
    let rows = "SELECT guid || heartbeat_at FROM Failover"
    try await eventually("DR has production's last row") {
      try lab.strings("dr", rows) == lab.strings("production", rows)
    }
  }

  /// What stands in the lab, and what there is of a drill; not what its scheduler does by itself once it runs.
  private func expectConformance(_ action: some Action, _ lab: TestLab) async throws {
    let place = directory(lab)
    try await expectConforms(action) {
      let files = try? FileManager.default.contentsOfDirectory(atPath: place)
      let services = try await SchedulerServices(hosts: [
        try #require(lab.inventory.host("dr.drill"))
      ])
      .observe(world.makeObserver()).map { "\($0.key) \($0.reading)" }
      return try await lab.standing() + services
        + (files ?? ["none"]).filter { !$0.hasSuffix("-journal") }.sorted()
    }
  }
}
