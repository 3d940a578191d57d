import Journal
import Runbook
import Synchronization
import TestSupport
import Testing

@testable import Engine

/// A rehearsal in which a site is taken for lost: nothing there is asked, and what still points there is listed.
struct AssumedLossTests {
  private static let inventoryText = """
    sites:
      production: { hosts: { scheduler: { connection: { kind: local } } } }
      dr: { hosts: { scheduler: { connection: { kind: local } } } }
    """

  /// `steps` and `prechecks` are written in the runbook one a line, by their ids.
  private func loss(
    of sites: Set<String> = ["production"], in plan: Plan, _ inventory: String = inventoryText
  ) throws -> AssumedLoss {
    let lines =
      ["runbook: fake", "run_type: upgrade", "prechecks:"]
      + plan.prechecks.map { "  - { id: \($0.id), action: fake.check, with: { property: x } }" }
      + ["steps:"] + plan.steps.map { "  - { id: \($0.id), action: fake.change }" }
    let text = lines.filter { !plan.prechecks.isEmpty || $0 != "prechecks:" }
    return AssumedLoss(
      of: sites, in: plan,
      from: try PlanSources(
        runbook: SourceText(file: "fake.yaml", text: text.joined(separator: "\n")),
        inventory: SourceText(file: "sites.yaml", text: inventory)))
  }

  private func rehearse(_ rig: Rig, _ plan: Plan, _ loss: AssumedLoss?) async throws -> RunEnded {
    try await rig.clock.autoAdvancing {
      try await Rehearsal(surroundings: rig.surroundings(), world: rig.world, assuming: loss)
        .rehearse(plan, as: Rig.run, from: Rig.origin)
    }
  }

  private var plan: Plan {
    let stop = FakeStep("state", value: "stopped") {
      $0.host = FakePlan.otherHost
      $0.onUnreachable = .attest
    }
    return FakePlan.make([stop, .guarded("b", property: "state", is: "stopped")])
  }

  @Test func everyOutcomeIsThatOfTheSiteReallyLost() async throws {
    let dead = Rig(["b": "no"])
    dead.world[FakePlan.otherHost, "state"] = "running"
    dead.world.darken(FakePlan.otherHost)
    let deadEnd = try await rehearse(dead, plan, nil)

    let alive = Rig(["b": "no"])
    alive.world[FakePlan.otherHost, "state"] = "running"
    let assumed = try await rehearse(alive, plan, try loss(in: plan))
    let outcomes = try await [dead, alive].asyncMap { rig in
      try await rig.records(StepRehearsed.self).map { [$0.outcome.rawValue, $0.basis.rawValue] }
    }
    #expect(outcomes[0] == outcomes[1])
    #expect(assumed.ending == deadEnd.ending)
    #expect(assumed.message.hasSuffix("assumed and not seen: production is lost"))
  }

  @Test func nothingThereIsAskedAndTheJournalSaysThatItIsAnAssumption() async throws {
    let rig = Rig()
    let only = FakePlan.make([FakeStep("state") { $0.host = FakePlan.otherHost }])
    _ = try await rehearse(rig, only, try loss(in: only))
    #expect(rig.world.looks == 0)
    #expect(try await rig.records(LostSiteAssumed.self).map(\.sites) == [["production"]])
    let seen = try #require(try await rig.records(StepRehearsed.self).first)
    #expect(seen.outcome == .unknown)
    #expect(seen.observation.allSatisfy { $0.unreachable == true })
    #expect(seen.observation.first?.gap?.contains("--assume-lost") == true)

    let control = Rig()
    _ = try await rehearse(control, only, nil)
    #expect(control.world.looks > 0)
  }

  @Test func noWayOfLookingLeadsThere() async throws {
    let text = """
      sites:
        production: { hosts: { db: { connection: { kind: ssh, to: db1.example } } } }
        dr: { hosts: { db: { connection: { kind: local } } } }
      databases:
        jobs:
          kind: postgresql
          database: jobs
          observe: { user: o }
          operate: { user: p }
          server: { service: postgresql, data_directory: /data }
          replication: { kind: streaming, user: r }
          primary: production
          at:
            production: { host: db, address: db.example }
            dr: { host: db, address: db2.example }
      """
    let inventory = try Inventory(reading: SourceText(file: "sites.yaml", text: text))
    let plan = Plan(
      runbook: "fake", description: "", runType: .drill, objectives: Objectives(), parameters: [:],
      prechecks: [], steps: FakePlan.make([FakeStep("a")]).steps, inventory: inventory)
    let base = AskedWorld()
    let world = WorldAfterLoss(base: base, loss: try loss(in: plan, text))
    for site in ["production", "dr"] {
      let copy = try #require(inventory.copy(of: inventory.databases[0], at: site))
      let address = site == "dr" ? "db2.example" : "db.example"
      let observer = world.makeObserver()
      let files = world.makeProbeFileWriter(token: "t")
      let name = ProbeFileName(label: "x", token: "t")
      let looks: [@Sendable () async throws -> Void] = [
        { _ = try await observer.run(.clock(of: copy.host), on: copy.host) },
        { try await observer.read(copy) { _ in } },
        { try await observer.logIn(copy) },
        { _ = try await observer.fetch(HTTPLookup(url: "http://\(address):8080/health")) },
        { try await files.writeProbeFile(name, contents: "", in: "/x", on: copy.host) },
        { try await files.removeProbeFile(name, in: "/x", on: copy.host) },
      ]
      for (place, look) in looks.enumerated() {
        if site == "dr" {
          try await look()
        } else {
          let error = await #expect(throws: ActionError.self) { try await look() }
          #expect(error?.kind == .unreachable, "look \(place)")
          #expect(error?.code == "site.assumed_lost", "look \(place)")
        }
      }
      #expect(base.count == (site == "dr" ? looks.count : 0))
    }
  }

  @Test func aStepThatNeedsTheSiteIsListedWhereItIsWritten() async throws {
    let rig = Rig()
    let plan = FakePlan.make(
      [
        FakeStep("a") { $0.host = FakePlan.otherHost },
        FakeStep("b") {
          $0.host = FakePlan.otherHost
          $0.onUnreachable = .attest
        },
        FakeStep("c", value: "tell production.scheduler"),
      ],
      prechecks: [
        FakeStep("critical", "fake.check") { $0.host = FakePlan.otherHost },
        FakeStep("remark", "fake.check") {
          $0.host = FakePlan.otherHost
          $0.isCritical = false
        },
      ])
    _ = try await rehearse(rig, plan, try loss(in: plan))
    let pointers = try #require(try await rig.records(LostSitePointers.self).first).pointers
    #expect(
      pointers.map { "\($0.code) \($0.file ?? "") \($0.line ?? 0)" } == [
        "lost_site.precheck fake.yaml 4", "lost_site.step fake.yaml 7",
        "lost_site.argument fake.yaml 9",
      ])
    #expect(pointers.allSatisfy { !$0.why.isEmpty && !$0.advice.isEmpty && $0.removedBy == nil })
  }

  @Test func whatWasSeenAtASurvivingSiteIsListedWithTheStepThatEndsIt() async throws {
    let plan = FakePlan.make([FakeStep("source", value: "here")])
    let before = Rig(["source": "production.scheduler"])
    _ = try await rehearse(before, plan, try loss(in: plan))
    let pointer = try #require(
      try await before.records(LostSitePointers.self).first?.pointers.first)
    #expect(pointer.code == "lost_site.observed")
    #expect(pointer.removedBy == "source")

    let checked = FakePlan.make([
      FakeStep("look", "fake.check", value: "production.scheduler") {
        $0.arguments["property"] = "source"
      }
    ])
    let kept = Rig(["source": "production.scheduler"])
    _ = try await rehearse(kept, checked, try loss(in: checked))
    let codes = try await kept.records(LostSitePointers.self).first?.pointers
      .filter { $0.code == "lost_site.observed" }.map(\.removedBy)
    #expect(codes == [nil])
  }

  @Test(arguments: [
    ("file_system", "fs.production.example:/logs nfs4", true),
    ("file_system", "/dev/production ext4", false),
    ("permit_machines", "operator-production", true),
    ("state", "operator-production", false),
  ]) func aSitesMereNameCountsWhereItSaysWhereSomethingIs(
    property: String, text: String, isPointer: Bool
  ) async throws {
    let look = FakeStep("look", "fake.check") {
      $0.arguments["property"] = .value(.string(property))
    }
    let rig = Rig([property: text])
    let plan = FakePlan.make([look])
    _ = try await rehearse(rig, plan, try loss(in: plan))
    let pointers = try await rig.records(LostSitePointers.self).first?.pointers
    #expect(pointers?.map(\.code) == (isPointer ? ["lost_site.observed"] : []))
  }

  @Test func aCopyThatGetsAnotherRoleFollowsNobodyAnyMore() async throws {
    let rig = Rig(["source": "production.scheduler", "role": "replica"])
    let look = FakeStep("look", "fake.check") { $0.arguments["property"] = "source" }
    let promote = FakeStep("promote", value: "primary") { $0.arguments["property"] = "role" }
    let plan = FakePlan.make([look, promote])
    _ = try await rehearse(rig, plan, try loss(in: plan))
    let pointers = try await rig.records(LostSitePointers.self).first?.pointers
    #expect(pointers?.map(\.removedBy) == ["promote"])
  }

  @Test func everyTextOfTheInventoryIsHeldAgainstTheSite() async throws {
    let text = """
      sites:
        production:
          hosts:
            scheduler: { connection: { kind: ssh, to: jobs1.example.com } }
            gate: { connection: { kind: exec, through: [enter, gate-1, "--"] } }
        dr:
          hosts:
            scheduler: { connection: { kind: exec, through: [enter, gate-1, "--", enter, dr-1, "--"] } }
            agent:
              connection: { kind: exec, through: [tunnel, jobs1.example.com] }
      paths:
        logs: { at: { production.scheduler: /mnt/production/logs, dr.scheduler: /mnt/production/logs } }
      groups:
        all: [production.scheduler, dr.scheduler]
      witnesses:
        office: { kind: http, url: "https://jobs1.example.com/witness" }
        archive: { kind: command, command: [/usr/local/bin/archive] }
      """
    let inventory = try Inventory(reading: SourceText(file: "sites.yaml", text: text))
    let plan = Plan(
      runbook: "fake", description: "", runType: .drill, objectives: Objectives(),
      parameters: [:], prechecks: [], steps: FakePlan.make([FakeStep("a")]).steps,
      inventory: inventory)
    let lint = LostSiteLint(
      plan: plan, catalogue: .fake, loss: try loss(in: plan, text))
    #expect(
      lint.pointers(after: []).map { "\($0.code) \($0.line ?? 0)" } == [
        "lost_site.host 8", "lost_site.host 10", "lost_site.path 12", "lost_site.witness 16",
      ])
  }
}

/// Answers everything, and counts how often it was asked.
private final class AskedWorld: ObservableWorld, Observer, ProbeFileWriter {
  private let asked = Mutex(0)
  let time: any TimeSource = ManualClock()
  let token = "t"

  var count: Int { asked.withLock { $0 } }
  private func ask() { asked.withLock { $0 += 1 } }

  func makeObserver() -> any Observer { self }
  func makeProbeFileWriter(token: String) -> any ProbeFileWriter { self }

  func run(_ command: ReadOnlyCommand, on host: Runbook.Host) async throws -> CommandResult {
    ask()
    return CommandResult(exitCode: 0, standardOutput: "")
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    ask()
    return try body(NoRows())
  }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse {
    ask()
    return HTTPResponse(status: 200, body: "")
  }

  func logIn(_ database: DatabaseCopy) async throws { ask() }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Runbook.Host
  ) async throws { ask() }

  func removeProbeFile(
    _ name: ProbeFileName, in directory: String, on host: Runbook.Host
  ) async throws { ask() }

  private struct NoRows: SQLReader {
    func query(_ statement: SQLStatement) throws -> [SQLRow] { [] }
  }
}

extension Array {
  fileprivate func asyncMap<Result>(
    _ transform: (Element) async throws -> Result
  ) async rethrows -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await transform(element)) }
    return results
  }
}
