import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// On what a rehearsal stands, what it says would be done, and what came true of its predictions.
struct FidelityTests {
  @Test func factsAreCountedByWhereTheyComeFrom() async throws {
    let rig = Rig()
    let check = FakeStep("check", "fake.check") { $0.arguments["property"] = .value("a") }
    let ended = try await rig.rehearse(FakePlan.make([FakeStep("a"), check, FakeStep("b")]))
    #expect(ended.factsUsed == FactsUsed(probed: 2, predicted: 1))
  }

  // MARK: - Operations

  @Test func aStepThatWouldActSaysWhatItWouldDoAndNoOtherStepDoes() async throws {
    let rig = Rig(["b": "done"])
    _ = try await rig.rehearse(
      FakePlan.make([FakeStep("a", "fake.change_in_two_calls"), FakeStep("b")]))
    let rehearsed = try await rig.records(StepRehearsed.self)
    #expect(
      rehearsed.first?.operations?.map(\.arguments) == [
        ["set", "a.prepared", "done"], ["set", "a", "done"],
      ])
    #expect(rehearsed.first?.operations?.map(\.at) == [FakePlan.host, FakePlan.host])
    #expect(rehearsed.last?.operations == nil)
    #expect(rig.world.operators == 0)
  }

  @Test func whatAGuardForbidsWouldNotBeDone() async throws {
    let rig = Rig()
    rig.world[FakePlan.otherHost, "state"] = "running"
    _ = try await rig.rehearse(FakePlan.make([.guarded("b", property: "state", is: "stopped")]))
    #expect(try await rig.records(StepRehearsed.self).first?.operations == nil)
  }

  @Test func secretsInOperationsAreMasked() throws {
    let secret = try #require(SecretReference("env:TOKEN"))
    let copy = DatabaseCopy(
      database: Database(
        name: "d", kind: .postgresql, replication: nil, primary: "dr", placements: [:]),
      site: "dr",
      host: try #require(FakePlan.inventory.host(FakePlan.host)),
      placement: Database.Placement(host: FakePlan.host, file: "/d"))
    let input: CommandInput = "password=\(secret: secret, as: .optionFileValue)"
    let statement: SQLStatement =
      "ALTER USER \(identifier: "a\"b") PASSWORD \(secret: secret), \("it's"), \(7)"
    let records = [
      Operation(.command(Command(["login"], standardInput: input, account: "db"), on: copy.host)),
      Operation(.statement(statement, in: copy), if: "there is one"),
      Operation(
        .request(HTTPRequest(method: "PUT", url: "http://a/", headers: ["X": .secret(secret)]))),
      Operation(
        .request(
          HTTPRequest(
            method: "PUT", url: "https://a/",
            access: TokenAccess(
              loginURL: "https://a/login", user: "u", password: secret, authority: nil)))),
    ].map(OperationRecord.init)
    #expect(records[0].input == "password=•••")
    #expect(records[0].account == "db")
    #expect(records[1].statement == #"ALTER USER "a""b" PASSWORD •••, 'it''s', 7"#)
    #expect(records[1].condition == "there is one")
    #expect(records[1].at == "d@dr")
    #expect(records[2].headers == ["X": "•••"])
    #expect(records[3].headers == ["Authorization": "Bearer •••"])
  }

  // MARK: - Predictions

  private let plan = FakePlan.make([
    FakeStep("a"), FakeStep("b") { $0.arguments["promise"] = .value("x") }, FakeStep("c"),
  ])

  @Test func anExecutionsEndSaysHowManyPredictionsCameTrue() async throws {
    let rig = Rig(["c": "done"])
    let ended = try await rig.execute(plan)
    #expect(ended.ending == .done)
    #expect(ended.predictions?.predicted == 3)
    #expect(ended.predictions?.cameTrue == 2)
    #expect(
      ended.predictions?.spoken
        == "of 3 predicted facts 2 came true; missed: fake.change dr.scheduler x: predicted done, observed nothing"
    )
    #expect(try await rig.records(RunEnded.self).last == ended)
  }

  @Test func aRunThatIsResumedCountsWhatItDidBefore() async throws {
    let rig = Rig(["c": "done"])
    try await rig.die(at: "b:act.after", plan)
    let ended = try await rig.resume(with: plan)
    #expect(ended.ending == .done)
    #expect(ended.predictions?.predicted == 3)
    #expect(ended.predictions?.missed.map(\.step) == ["b"])
  }

  @Test func whatDidNotActPredictedNothing() async throws {
    let rig = Rig(["a": "done", "b": "done", "x": "done", "c": "done"])
    #expect(try await rig.execute(plan).predictions == nil)
    #expect(try await rig.rehearse(plan, as: "r-2").predictions == nil)
  }
}
