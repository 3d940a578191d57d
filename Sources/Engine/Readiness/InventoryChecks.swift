import Runbook

/// The checks that an inventory asks for by itself, as prechecks of the catalogue's actions: what looks here is what looks
/// in a run.
struct InventoryChecks: Sendable {
  /// For one check. A single look takes less; the host that hangs must not hold up the rest.
  private static let timeout = "30s"

  let plan: Plan
  let catalogue: ActionCatalogue
  var thresholds = ReadinessThresholds()
  /// The site that may run its scheduler: the others must be ready to take over, and not run.
  var active: String?

  private var inventory: Inventory { plan.inventory }

  /// Without those that the runbook's own prechecks make.
  var all: [ReadinessCheck] {
    let checks =
      services + startTypes + permits + guids + replication + accounts + paths + disks + clocks
      + witnesses
    let own = Set(plan.prechecks.map(Subject.init))
    let further = checks.filter {
      $0.step.action == Self.directory || !own.contains(Subject($0.step))
    }
    return further + tools(for: plan.prechecks + plan.steps + further.map(\.step))
  }

  /// Looks at what the surviving sites depend on: where their directories are mounted from, whom their copies follow and
  /// whose rows they hold, whom their units ask.
  func ofSurvivors(_ names: LostNames) -> [PlannedStep] {
    let looks = (paths + permits + rows).map(\.step)
    return looks.filter { step in
      switch step.target {
      case .host(let host): !names.sites.contains(host.site)
      case .databaseAtSite(_, let site): !names.sites.contains(site)
      case .database, nil: false
      }
    }
  }

  private struct Subject: Hashable {
    let action: String
    let target: Target?

    init(_ step: PlannedStep) {
      action = step.action
      target = step.target
    }
  }

  private static let directory = "path.directory"

  private func check(
    _ id: String, _ name: String, _ action: String, on target: Target? = nil,
    _ arguments: [String: Value] = [:], advice: String
  ) -> ReadinessCheck {
    ReadinessCheck(
      PlannedStep(
        id: id, name: name, action: action, target: target,
        arguments: arguments.mapValues(PlannedValue.value), timeout: Self.timeout),
      advice: advice)
  }

  // MARK: - Schedulers

  /// A scheduler that runs beside the active one, or that a reboot would start, is the beginning of two in control.
  private var services: [ReadinessCheck] {
    inventory.schedulerHosts().filter { $0.site != active && !$0.services.isEmpty }.map { host in
      check(
        "services/\(host.id)", "The services of \(host.id) are stopped, and stay so",
        "service.status", on: .host(host), ["expect": "stopped", "start_type": "disabled"],
        advice: "stop them and disable them, as by service.stop with start_type: disabled")
    }
  }

  /// What a failover stands on when the site in control is lost and can't be asked any more.
  private var startTypes: [ReadinessCheck] {
    inventory.schedulerHosts().filter { $0.site == active && $0.startType == .manual }.map { host in
      check(
        "start-type/\(host.id)", "The services of \(host.id) run, and don't start by themselves",
        "service.status", on: .host(host), ["expect": "running", "start_type": "manual"],
        advice: "set them to manual, or take 'start_type' out of the inventory")
    }
  }

  private var permits: [ReadinessCheck] {
    inventory.schedulerHosts().map { host in
      check(
        "permit/\(host.id)", "The units of \(host.id) ask for their own site's permit",
        "permit.asked", on: .host(host),
        advice: "put ExecCondition right: it must ask for --site \(host.site)")
    }
  }

  private var guids: [ReadinessCheck] {
    inventory.schedulerHosts().map { host in
      check(
        "guid/\(host.id)", "The GUID of \(host.id) is known, and its own", "host.guid",
        on: .host(host),
        advice:
          "put right the file that holds it, or 'guid' in the inventory; of two alike, give one another"
      )
    }
  }

  // MARK: - Databases

  private var replication: [ReadinessCheck] {
    inventory.databases.filter { $0.replication != nil }.flatMap { database in
      let primary = active.flatMap { database.placements[$0] == nil ? nil : $0 }
      let follows = check(
        "replication/\(database.name)", "Every copy of \(database.name) follows the primary",
        "replication.status", on: .database(database),
        ["primary": .string(primary ?? database.primary)],
        advice: "see why it doesn't replicate: replication.rejoin makes a copy follow again")
      guard let rpo = plan.objectives.rpo, let limit = Duration(runbook: rpo), limit > .zero else {
        return [follows]
      }
      let lag = check(
        "lag/\(database.name)", "The replica of \(database.name) is within the objective of \(rpo)",
        "replication.lag", on: .database(database), ["maximum": .string(rpo)],
        advice: "see what holds replication up: a failover now would lose more than the objective")
      return [follows, lag]
    }
  }

  private var rows: [ReadinessCheck] {
    inventory.copies.map { copy in
      check(
        "rows/\(copy.subject)", "Failover of \(copy.subject) holds no foreign GUID",
        "failover_table.no_foreign_guid", on: .databaseAtSite(copy.database, site: copy.site),
        advice: "empty it, by failover_table.truncate")
    }
  }

  private var accounts: [ReadinessCheck] {
    inventory.copies.map { copy in
      check(
        "accounts/\(copy.subject)", "Lifeboat's accounts get into \(copy.subject)",
        "database.accounts", on: .databaseAtSite(copy.database, site: copy.site),
        advice: "put the account, its password or its rights right: see 'observe' and 'operate'")
    }
  }

  // MARK: - Directories and space

  private var paths: [ReadinessCheck] {
    inventory.paths.flatMap { path in
      path.at.keys.sorted().compactMap(inventory.host).map { host in
        check(
          "path/\(path.name)/\(host.id)", "\(path.name) is there on \(host.id), with room",
          Self.directory, on: .host(host), withRoom(path.name),
          advice: "make the directory, or make room: \(thresholds.minimumFree) must be free")
      }
    }
  }

  private var disks: [ReadinessCheck] {
    inventory.copies.map { copy in
      check(
        "disk/\(copy.subject)", "\(copy.subject) has room", Self.directory, on: .host(copy.host),
        withRoom(copy.placement.directory),
        advice: "make room: \(thresholds.minimumFree) must be free")
    }
  }

  private func withRoom(_ path: String) -> [String: Value] {
    ["path": .string(path), "minimum_free": .string(thresholds.minimumFree)]
  }

  // MARK: - Hosts and witnesses

  private var clocks: [ReadinessCheck] {
    inventory.hosts.map { host in
      check(
        "clock/\(host.id)", "The clock of \(host.id) agrees with this machine's", "host.clock",
        on: .host(host), ["maximum": .string(thresholds.clockTolerance)],
        advice: "see that it is synchronized, as by chronyd or systemd-timesyncd")
    }
  }

  private var witnesses: [ReadinessCheck] {
    inventory.witnesses.map { witness in
      check(
        "witness/\(witness.name)", "The witness \(witness.name) can be had", "witness.check",
        ["witness": .string(witness.name)],
        advice: "put it right: until then its copies of the checkpoints wait on this machine")
    }
  }

  /// What the actions declare. What they only know during the run is left out.
  private func tools(for steps: [PlannedStep]) -> [ReadinessCheck] {
    let needs = steps.flatMap { step -> [ProgramNeed] in
      guard step.references.isEmpty,
        let action = try? step.makeAction(
          from: catalogue, inventory: inventory, facts: StepFacts())
      else { return [] }
      return action.needs
    }
    let byHost = Dictionary(grouping: Set(needs), by: \.host)
    return byHost.sorted { $0.key.id < $1.key.id }.map { host, needs in
      let programs = Set(needs.map(\.program)).sorted()
      return check(
        "tools/\(host.id)", "Every action's programs are on \(host.id)", "host.tools",
        on: .host(host), ["programs": .list(programs.map(Value.string))],
        advice: "install them there")
    }
  }
}

extension Database.Placement {
  fileprivate var directory: String {
    switch location {
    case .file(let path):
      let parts = path.split(separator: "/").dropLast()
      return "/" + parts.joined(separator: "/")
    case .server(let server): return server.installation.dataDirectory
    }
  }
}
