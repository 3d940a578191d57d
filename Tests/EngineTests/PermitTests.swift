import Journal
import Runbook
import TestSupport
import Testing

@testable import Engine

/// Which site may run its scheduler, told from entries as runs write them.
struct PermitTests {
  static let inventory = inventory(of: ["production", "dr"])

  static func inventory(of sites: [String], primary: String = "production") -> Inventory {
    Inventory(
      sites: sites.map { site in
        Site(
          name: site,
          hosts: [
            Host(
              site: site, name: "scheduler", connection: .local, services: ["server", "scheduler"],
              guid: .value(site)),
            Host(site: site, name: "agent", connection: .local),
          ])
      },
      databases: [
        Database(
          name: "jobs", kind: .sqlite, replication: nil, primary: primary, placements: [:])
      ])
  }

  /// A journal in the making: each function appends what a run would.
  struct Book {
    var entries: [Entry] = []
    var inventory = PermitTests.inventory

    mutating func add<R: Record>(_ record: R, _ run: String?, _ step: String? = nil) throws {
      entries.append(
        Entry(
          index: entries.count, at: Timestamp(microsecondsSince1970: Int64(entries.count)),
          kind: R.kind, run: run, step: step, epoch: 1, body: try JSON(encoding: record)))
    }

    /// A run whose steps are `stop-SITE`, `fence-SITE`, `unfence-SITE`, `start-SITE`, `vouch-SITE`, `agent-SITE`
    /// and `reverse-SITE`.
    mutating func begin(_ run: String, _ type: RunStarted.RunKind = .execution) throws {
      let steps = inventory.sites.flatMap { site in
        let (scheduler, agent) = (site.hosts[0], site.hosts[1])
        return [
          step("stop", "service.stop", scheduler), step("start", "service.start", scheduler),
          step("fence", "fence.command", scheduler),
          step("unfence", "fence.command", scheduler, ["state": .value("unfenced")]),
          step("agent", "service.stop", agent), step("vouch", "fence.attest", nil, site.name),
          reversal(to: site.name),
        ]
      }
      let plan = Plan(
        runbook: "r", description: "", runType: .failover, objectives: Objectives(),
        parameters: [:], prechecks: [], steps: steps, inventory: inventory)
      try add(
        RunStarted(
          type: type, runbook: "r", runType: "failover", description: "", planDigest: "d",
          plan: try JSON(encoding: plan), runbookFile: "r", inventoryFile: "s",
          givenParameters: [:], sites: [], person: Rig.ann, version: "t", acceptedPrechecks: [:],
          takenOverFrom: []), run)
    }

    private func step(
      _ verb: String, _ action: String, _ host: Host?, _ site: String
    ) -> PlannedStep {
      PlannedStep(
        id: "\(verb)-\(site)", name: "", action: action, target: host.map { .host($0) },
        arguments: [:], timeout: "1m")
    }

    private func step(
      _ verb: String, _ action: String, _ host: Host, _ arguments: [String: PlannedValue] = [:]
    ) -> PlannedStep {
      PlannedStep(
        id: "\(verb)-\(host.site)", name: "", action: action, target: .host(host),
        arguments: arguments, timeout: "1m")
    }

    private func reversal(to site: String) -> PlannedStep {
      PlannedStep(
        id: "reverse-\(site)", name: "", action: "replication.reverse",
        target: .database(inventory.databases[0]), arguments: ["to": .value(.string(site))],
        timeout: "1m")
    }

    mutating func turn(to step: String, _ run: String) throws {
      try add(StepStarted(name: "", action: "", target: nil, place: 1, count: 1), run, step)
    }

    mutating func intend(_ step: String, _ run: String, finding: String = "holds") throws {
      try add(
        StepIntent(
          attempt: 1, verdict: VerdictRecord(verdict: "needed", explanation: ""), observation: [],
          guards: [
            GuardRecord(
              id: step.hasPrefix("reverse")
                ? "old-primarys-scheduler-stopped" : "other-schedulers-stopped", demand: "",
              finding: finding)
          ], predicted: nil), run, step)
    }

    mutating func end(_ step: String, _ run: String, stopping site: String? = nil) throws {
      let facts = site.map { services(of: $0, "stopped") } ?? []
      try add(StepEnded(outcome: .changed, message: "", observation: facts), run, step)
    }

    /// A step that has nothing to do, as it sees the services of a site in this state.
    mutating func pass(_ step: String, _ run: String, seeing site: String, _ state: String) throws {
      try turn(to: step, run)
      try add(
        StepEnded(outcome: .ok, message: "", observation: services(of: site, state)), run, step)
    }

    mutating func vouch(_ step: String, _ run: String, for site: String, granted: Bool = true)
      throws
    {
      let fact = FactRecord(
        subject: "\(site).scheduler", property: "fenced", value: true, source: "attested",
        at: Timestamp(microsecondsSince1970: 0))
      try add(
        GateAnswered(
          gate: "attest", prompt: "?", granted: granted, words: "w", person: Rig.ann,
          planDigest: "d", facts: granted ? [fact] : []), run, step)
    }

    private func services(of site: String, _ state: String) -> [FactRecord] {
      ["server", "scheduler"].map {
        FactRecord(
          subject: "\(site).scheduler/\($0)", property: "state", value: .string(state),
          source: "probed", at: Timestamp(microsecondsSince1970: 0))
      }
    }

    func ledger(upTo count: Int? = nil) throws -> PermitLedger {
      var ledger = try PermitLedger(inventory)
      for entry in entries.prefix(count ?? entries.count) { try ledger.take(entry) }
      return ledger
    }

    /// `production`, `dr`, or `nobody`.
    func holder() throws -> String {
      let ledger = try ledger()
      return ledger.sites.first(where: ledger.permits) ?? "nobody"
    }
  }

  // MARK: - Who holds it

  @Test func withoutRunsItIsTheNormalPrimarys() throws {
    #expect(try Book().holder() == "production")
  }

  @Test func aFailoverMovesItOverNobody() throws {
    var book = Book()
    try book.begin("r-1")
    try book.turn(to: "agent-production", "r-1")
    #expect(try book.holder() == "production", "an agent is no scheduler")
    try book.turn(to: "stop-production", "r-1")
    #expect(try book.holder() == "nobody")
    try book.end("stop-production", "r-1", stopping: "production")
    try book.turn(to: "start-dr", "r-1")
    #expect(try book.holder() == "nobody", "begun is not intended")
    try book.intend("start-dr", "r-1")
    #expect(try book.holder() == "dr")
  }

  /// A new primary that loses its power before its scheduler is started must find its permit when it comes back.
  @Test func aReversalMovesItToTheSiteOfTheNewPrimary() throws {
    var book = Book()
    try book.begin("r-1")
    try book.turn(to: "stop-production", "r-1")
    try book.turn(to: "reverse-dr", "r-1")
    #expect(try book.holder() == "nobody", "begun is not intended")
    try book.intend("reverse-dr", "r-1")
    #expect(try book.holder() == "dr")
    try book.intend("reverse-production", "r-1")
    #expect(try book.holder() == "production", "the way back")
  }

  @Test(arguments: ["start-dr", "reverse-dr"], ["violated", "unknown"])
  func anIntentWhoseGuardDoesNotHoldIsNoReason(_ step: String, _ finding: String) throws {
    var book = Book()
    try book.begin("r-1")
    try book.intend(step, "r-1", finding: finding)
    #expect(try book.holder() == "production")
  }

  /// The abort of a run that was about to stop it has nothing to start.
  @Test func aStartThatFindsItRunningGivesItBackToWhoHeldItLast() throws {
    var book = Book()
    try book.begin("r-1")
    try book.turn(to: "stop-production", "r-1")
    try book.begin("r-2")
    try book.pass("start-dr", "r-2", seeing: "dr", "running")
    #expect(try book.holder() == "nobody", "dr was never promoted or started")
    try book.pass("start-production", "r-2", seeing: "production", "stopped")
    #expect(try book.holder() == "nobody", "what was done once isn't so any more")
    try book.pass("start-production", "r-2", seeing: "production", "running")
    #expect(try book.holder() == "production")
    try book.turn(to: "stop-production", "r-1")
    try book.intend("reverse-dr", "r-1")
    try book.turn(to: "fence-dr", "r-1")
    try book.pass("start-production", "r-2", seeing: "production", "running")
    #expect(try book.holder() == "nobody", "dr was promoted since")
  }

  @Test func aFenceTakesItAndLiftingTheFenceDoesNot() throws {
    var book = Book()
    try book.begin("r-1")
    try book.turn(to: "unfence-production", "r-1")
    #expect(try book.holder() == "production")
    try book.turn(to: "fence-production", "r-1")
    #expect(try book.holder() == "nobody")
  }

  @Test func vouchingThatItIsDownTakesItAndARefusalDoesNot() throws {
    var book = Book()
    try book.begin("r-1")
    try book.vouch("vouch-production", "r-1", for: "production", granted: false)
    #expect(try book.holder() == "production")
    try book.vouch("vouch-production", "r-1", for: "production")
    #expect(try book.holder() == "nobody")
  }

  @Test func aRehearsalChangesNothing() throws {
    var book = Book()
    try book.begin("r-1", .rehearsal)
    try book.turn(to: "stop-production", "r-1")
    try book.intend("start-dr", "r-1")
    #expect(try book.holder() == "production")
  }

  @Test func aRunOfAnotherPairIsNoneOfItsBusiness() throws {
    var book = Book()
    book.inventory = Self.inventory(of: ["east", "west"], primary: "east")
    try book.begin("r-1")
    try book.turn(to: "stop-east", "r-1")
    book.inventory = Self.inventory
    #expect(try book.holder() == "production")
  }

  /// However little of it is read first, and whatever came before.
  @Test(arguments: [.random(in: 0 ... .max), 1] as [UInt64])
  func itsEndTellsWhatTheWholeJournalTells(seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let steps = ["stop", "start", "fence", "unfence", "agent", "reverse"]
    var book = Book()
    for number in 1...6 {
      let run = "r-\(number)"
      let isOther = Int.random(in: 0..<6, using: &generator) == 0
      book.inventory = isOther ? Self.inventory(of: ["production", "west"]) : Self.inventory
      let type: RunStarted.RunKind = .random(using: &generator) ? .execution : .rehearsal
      try book.begin(run, type)
      for _ in 0..<6 {
        let site = book.inventory.sites.randomElement(using: &generator)?.name ?? ""
        let step = "\(steps.randomElement(using: &generator) ?? "")-\(site)"
        // A run that was suspended goes on among another's entries.
        let earlier = "r-\(max(1, number - Int.random(in: 0...1, using: &generator)))"
        try book.turn(to: step, earlier)
        if step.hasPrefix("st") || step.hasPrefix("reverse") { try book.intend(step, earlier) }
        if step.hasPrefix("stop") { try book.end(step, earlier, stopping: site) }
        if .random(using: &generator) { try book.vouch("vouch-\(site)", earlier, for: site) }
      }
    }
    let journal = Journal(store: MemoryJournalStore())
    for (number, entry) in book.entries.enumerated() {
      try await journal.append(
        EntryDraft(
          at: entry.at, kind: entry.kind, run: entry.run, step: entry.step, body: entry.body,
          needsLease: false), under: nil)
      guard number.isMultiple(of: 17) else { continue }
      let whole = try await PermitLedger.read(journal, Self.inventory)
      for count in [1, 7, 200] {
        let end = try await PermitLedger.current(journal, Self.inventory, firstReading: count)
        for site in whole.sites {
          #expect(end.permits(site) == whole.permits(site), "\(number) entries, \(count) read")
          // Who knows less lets nobody have it who wouldn't get it otherwise.
          if whole.obstacle(toGranting: site) != nil {
            #expect(end.obstacle(toGranting: site) != nil)
          }
        }
      }
    }
  }

  @Test func aRunWithAnotherInventoryOfTheSameSchedulersLeavesItToNobody() throws {
    var book = Book()
    book.inventory = Self.inventory(of: ["production", "west"])
    try book.begin("r-1")
    try book.intend("start-west", "r-1")
    book.inventory = Self.inventory
    #expect(try book.holder() == "nobody")
    #expect(try book.ledger().obstacle(toGranting: "production") != nil)
  }

  @Test func anInventoryThatNamesNoPrimaryRefuses() {
    for inventory in [
      Inventory(sites: Self.inventory.sites), Self.inventory(of: ["a"], primary: "b"),
    ] {
      let error = #expect(throws: EngineError.self) { try PermitLedger(inventory) }
      #expect(error?.code == "permit.no_primary")
    }
  }

  // MARK: - Granting

  @Test func itIsGrantedOnlyWhenTheJournalShowsTheOtherDown() throws {
    var book = Book()
    #expect(try book.ledger().obstacle(toGranting: "dr")?.contains("production holds it") == true)
    try book.begin("r-1")
    try book.turn(to: "stop-production", "r-1")
    #expect(try book.ledger().obstacle(toGranting: "dr") != nil, "begun is not stopped")
    #expect(try book.ledger().obstacle(toGranting: "production") == nil, "it gave it up itself")
    try book.end("stop-production", "r-1", stopping: "production")
    #expect(try book.ledger().obstacle(toGranting: "dr") == nil)
    #expect(try book.ledger().obstacle(toGranting: "moon") != nil)
    try book.add(
      PermitGranted(site: "dr", because: "by hand", person: Rig.ann, version: "t"), nil)
    #expect(try book.holder() == "dr")
  }

  // MARK: - All prefixes

  /// Told by another rule than the ledger's: who may run is decided by the last of the entries that decide, looked for
  /// from the end.
  private func expected(_ entries: some BidirectionalCollection<Entry>) throws -> String {
    var taken: Set<String> = []
    for entry in entries.reversed() where entry.run == "r-1" {
      guard let step = entry.step else { continue }
      let site = String(step.split(separator: "-").last ?? "")
      let isTaking =
        entry.kind == StepStarted.kind && (step.hasPrefix("stop") || step.hasPrefix("fence"))
      let answer = try entry.record(GateAnswered.self)
      if isTaking || answer?.granted == true { taken.insert(site) }
      if entry.kind == StepIntent.kind {
        return taken.contains(site) ? "nobody" : site
      }
    }
    return taken.contains("production") ? "nobody" : "production"
  }

  @Test(arguments: ScheduleTests.seeds.prefix(20))
  func atNoPrefixOfAnyJournalMayTwoSitesRun(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var book = Book()
    try book.begin("r-1")
    try book.begin("r-2", .rehearsal)
    for _ in 0..<60 {
      let site = Bool.random(using: &generator) ? "production" : "dr"
      let run = Int.random(in: 0..<4, using: &generator) == 0 ? "r-2" : "r-1"
      switch Int.random(in: 0..<8, using: &generator) {
      case 0: try book.turn(to: "stop-\(site)", run)
      case 1: try book.end("stop-\(site)", run, stopping: site)
      case 2: try book.turn(to: "fence-\(site)", run)
      case 3: try book.vouch("vouch-\(site)", run, for: site)
      case 4: try book.turn(to: "start-\(site)", run)
      case 5: try book.turn(to: "agent-\(site)", run)
      case 6: try book.intend("reverse-\(site)", run)
      default: try book.intend("start-\(site)", run)
      }
    }
    for count in 0...book.entries.count {
      let ledger = try book.ledger(upTo: count)
      let permitted = ledger.sites.filter(ledger.permits)
      #expect(permitted.count <= 1)
      let expected = try expected(book.entries.prefix(count))
      #expect((permitted.first ?? "nobody") == expected, "after \(count) entries, seed \(seed)")
    }
  }
}
