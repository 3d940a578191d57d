public import Journal
public import Runbook

/// Which site may run its scheduler, as the journal alone tells: the site that is the primary in normal times, until a run
/// begins to take its scheduler down; then nobody; then the site whose copy of the database a run makes the primary, or
/// whose scheduler it starts, from the intent on. There is one holder at most, whatever prefix of a journal is read.
public struct PermitLedger: Sendable {
  /// The kinds of entries that it needs.
  public static let kinds: [String] = [
    RunStarted.kind, StepStarted.kind, StepIntent.kind, StepEnded.kind, GateAnswered.kind,
    PermitGranted.kind,
  ]
  /// The guards without which a promotion or a start is no reason to hold the permit: that the others are stopped.
  private static let guardsOfOthers = [
    "other-schedulers-stopped", "old-primarys-scheduler-stopped",
  ]

  /// Who holds it, or why nobody does.
  public enum Standing: Sendable, Hashable {
    case held(by: String, because: String, since: Timestamp?, run: String?)
    case free(because: String, since: Timestamp?, run: String?)
  }

  /// Whether an intent with these guards is a reason to hold the permit.
  static func areOthersDown(by guards: [GuardRecord]) -> Bool {
    guards.contains {
      guardsOfOthers.contains($0.id) && ($0.finding == "holds" || $0.overridden != nil)
    }
  }

  public private(set) var standing: Standing
  private let hosts: [Host]
  /// Nil for a run that only looked.
  private var runs: [String: PermitRun?] = [:]
  /// The site that held it last; nil when that can't be told.
  private var lastHolder: String?
  /// Scheduler hosts that were seen, or vouched for, to be down, and not started since.
  private var down: Set<String> = []
  /// Whether a site was given it, so that what was before doesn't matter.
  private var wasGiven = false

  /// Throws `EngineError` when the inventory doesn't say whose it is in normal times.
  public init(_ inventory: Inventory) throws {
    hosts = inventory.schedulerHosts()
    let sites = Set(hosts.map(\.site))
    let primaries = Set(inventory.databases.map(\.primary)).intersection(sites)
    guard let primary = primaries.first, primaries.count == 1 else {
      throw EngineError(
        "permit.no_primary",
        primaries.isEmpty
          ? "the inventory names no site with a scheduler as the primary of a database"
          : "the inventory names several primaries: \(primaries.sorted().joined(separator: ", "))",
        advice: "the permit is for one pair of schedulers and its database: see the inventory")
    }
    lastHolder = primary
    standing = .held(
      by: primary, because: "it is the primary in normal times, and no run has moved it",
      since: nil, run: nil)
  }

  /// Reads all that the journal holds. Throws `JournalError` and `JSONError`: what can't be read permits nobody.
  public static func read(_ journal: Journal, _ inventory: Inventory) async throws -> PermitLedger {
    var ledger = try PermitLedger(inventory)
    try await ledger.take(journal, from: 0)
    return ledger
  }

  /// Reads from the journal's end back to where a site was last given it: for a scheduler's start, which doesn't wait for
  /// years of runs to be read. Knows less of who is down than `read`, and so is no ground for a grant.
  public static func current(
    _ journal: Journal, _ inventory: Inventory, firstReading count: Int = 200
  ) async throws -> PermitLedger {
    let size = try await journal.head().size
    var count = count
    while count < size {
      var ledger = try PermitLedger(inventory)
      ledger.standing = .free(because: "nothing is known yet", since: nil, run: nil)
      ledger.lastHolder = nil
      try await ledger.take(journal, from: size - count)
      if ledger.wasGiven { return ledger }
      count *= 8
    }
    return try await read(journal, inventory)
  }

  private mutating func take(_ journal: Journal, from index: Int) async throws {
    for try await entry in journal.entries(
      from: index, matching: EntryFilter(kinds: Set(Self.kinds)))
    {
      if let run = entry.run, runs[run] == nil, entry.kind != RunStarted.kind {
        let beginning = EntryFilter(run: run, kinds: [RunStarted.kind])
        for try await started in journal.entries(matching: beginning) { try take(started) }
      }
      try take(entry)
    }
  }

  /// The sites that have a scheduler.
  public var sites: [String] { Set(hosts.map(\.site)).sorted() }

  public func permits(_ site: String) -> Bool {
    if case .held(site, _, _, _) = standing { true } else { false }
  }

  /// Why the permit can't be granted to a site by hand; nil when it can.
  public func obstacle(toGranting site: String) -> String? {
    guard sites.contains(site) else { return "the site '\(site)' has no scheduler" }
    switch standing {
    case .held(site, _, _, _): return nil
    case .held(let other, let why, _, _): return "\(other) holds it: \(why)"
    case .free:
      let open = hosts.filter { host in
        host.site != site && !down.contains(host.id)
          && (lastHolder.map { $0 == host.site } ?? true)
      }.map(\.id)
      return open.isEmpty
        ? nil
        : "the journal doesn't show that \(open.joined(separator: ", ")) is stopped or fenced"
    }
  }
}

// MARK: - Entries

extension PermitLedger {
  /// Takes the next entry of the journal.
  public mutating func take(_ entry: Entry) throws {
    if let granted = try entry.record(PermitGranted.self) {
      if sites.contains(granted.site) { grant(granted, entry) }
      return
    }
    if let started = try entry.record(RunStarted.self) {
      if let run = entry.run {
        let acts = started.type == .execution
        runs[run] = .some(acts ? try PermitRun(started.plan, against: hosts) : nil)
      }
      return
    }
    guard let id = entry.run, let run = runs[id] ?? nil else { return }
    guard run.isOfThisInventory else { return lose(run, entry) }
    try take(entry, of: run)
  }

  private mutating func take(_ entry: Entry, of run: PermitRun) throws {
    let step = entry.step.flatMap { run.steps[$0] }
    if try entry.record(StepStarted.self) != nil, let step,
      case .takesDown(let host) = step.effect
    {
      lose(host, "\(step.action) of it has begun", entry)
    } else if let intent = try entry.record(StepIntent.self), let step {
      gain(step, intent, entry)
    } else if let answer = try entry.record(GateAnswered.self), answer.granted {
      see(answer.facts)
      for host in hosts where answer.facts.contains(where: { $0.speaks(of: host) }) {
        lose(host, "\(answer.person.identity) vouched that it is down", entry)
      }
    } else if let ended = try entry.record(StepEnded.self) {
      see(ended.observation)
      if let step { regain(step, ended, entry) }
    }
  }

  private mutating func lose(_ host: Host, _ why: String, _ entry: Entry) {
    guard permits(host.site) else { return }
    standing = .free(
      because: "\(host.site) held it until \(host.id): \(why)", since: entry.at, run: entry.run)
  }

  /// A run with another inventory touches the same schedulers: whose the permit is can't be told.
  private mutating func lose(_ run: PermitRun, _ entry: Entry) {
    guard let step = entry.step.flatMap({ run.steps[$0] }) else { return }
    down = []
    lastHolder = nil
    standing = .free(
      because: "a run with another inventory did \(step.action) on \(step.target)",
      since: entry.at, run: entry.run)
  }

  /// The intent stands in the journal before the act: the service manager finds it there when it asks.
  private mutating func gain(_ step: PermitRun.Step, _ intent: StepIntent, _ entry: Entry) {
    guard Self.areOthersDown(by: intent.guards) else { return }
    switch step.effect {
    case .takesDown: return
    case .promotes(let site):
      // A primary that loses its power before the scheduler is started must come back.
      hold(site, "a run makes its copy of \(step.target) the primary", entry)
    case .starts(let host):
      hold(host.site, "a run starts \(host.id)", entry)
      down.remove(host.id)
    }
  }

  /// A start that finds all running, as that of an abort whose run had stopped nothing yet, acts not and has no intent. The
  /// site that held it last has it again: no other can have been promoted or started since.
  private mutating func regain(_ step: PermitRun.Step, _ ended: StepEnded, _ entry: Entry) {
    guard case .starts(let host) = step.effect, case .free = standing, lastHolder == host.site,
      states(of: host, in: ended.observation).allSatisfy({ $0 == "running" })
    else { return }
    hold(host.site, "a run found \(host.id) running, and nobody held it since", entry)
    down.remove(host.id)
  }

  private mutating func grant(_ granted: PermitGranted, _ entry: Entry) {
    hold(
      granted.site, "\(granted.person.identity) granted it: “\(granted.because)”", entry)
    down.subtract(hosts.filter { $0.site == granted.site }.map(\.id))
  }

  private mutating func hold(_ site: String, _ why: String, _ entry: Entry) {
    wasGiven = true
    lastHolder = site
    if permits(site) { return }
    standing = .held(by: site, because: why, since: entry.at, run: entry.run)
  }

  /// Learns which scheduler hosts are down, and which are up again.
  private mutating func see(_ facts: [FactRecord]) {
    for host in hosts {
      if facts.contains(where: {
        $0.subject == host.id && $0.property == FactName.fenced && $0.value == true
      }) {
        down.insert(host.id)
        continue
      }
      let states = states(of: host, in: facts)
      if states.contains(where: { $0.map { !Self.isDown($0) } ?? false }) { down.remove(host.id) }
      if !states.isEmpty, states.allSatisfy({ $0.map(Self.isDown) ?? false }) {
        down.insert(host.id)
      }
    }
  }

  /// Of each of its services; nil where the facts don't tell.
  private func states(of host: Host, in facts: [FactRecord]) -> [String?] {
    host.services.map { service in
      facts.first {
        $0.subject == host.subject(ofService: service) && $0.property == FactName.serviceState
      }?.value?.stringValue
    }
  }

  private static func isDown(_ state: String) -> Bool { state == "stopped" || state == "failed" }
}

extension FactRecord {
  /// Whether it is about the host or one of its services.
  fileprivate func speaks(of host: Host) -> Bool {
    subject == host.id || subject.hasPrefix(host.id + "/")
  }
}
