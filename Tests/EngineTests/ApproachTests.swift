import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// A run gets to the places of its plan before the steps need them.
struct ApproachTests {
  private func hosts(_ rig: Rig) -> [String] {
    rig.world.approached.map { destination in
      guard case .host(let host) = destination else { return "a database" }
      return host.id
    }
  }

  @Test func onceToEachPlaceOfPrechecksAndSteps() async throws {
    let rig = Rig(["p": "done"])
    let plan = FakePlan.make(
      [FakeStep("a"), FakeStep("b"), FakeStep("c") { $0.host = FakePlan.otherHost }],
      prechecks: [FakeStep("p", "fake.check")])
    #expect(try await rig.execute(plan).ending == .done)
    #expect(hosts(rig).sorted() == [FakePlan.host, FakePlan.otherHost])
  }

  @Test func notToTheHostsOfAFanOutWhichHasItsOwnMeasure() async throws {
    let rig = Rig()
    let fanOut = FanOut(step: "repoint", group: "agents", maxParallel: 2, maxFailed: 0)
    let plan = FakePlan.make(
      fanOut: FakeStep("repoint"), as: fanOut, hosts: 4, then: FakeStep("after"))
    #expect(try await rig.execute(plan).ending == .done)
    #expect(hosts(rig) == [FakePlan.host])
  }

  @Test func aPlaceThatIsNeverReachedHoldsNothingUp() async throws {
    let rig = Rig()
    rig.world.letApproachesHang()
    #expect(try await rig.execute(FakePlan.make([FakeStep("a")])).ending == .done)
    #expect(rig.world.effects(on: "a") == 1)
  }
}
