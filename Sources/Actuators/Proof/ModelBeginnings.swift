import Runbook

/// The worlds in which a plan's run may begin: which site is in control, what is lost, and what an earlier failover left.
struct ModelBeginnings {
  private let plan: Plan
  private let inventory: Inventory
  private let schedulers: [Host]

  /// Longer than any objective: as if the replica had not received for a day.
  private static let stale = 86_400_000

  init(_ plan: Plan) {
    self.plan = plan
    inventory = plan.inventory
    schedulers = inventory.schedulerHosts()
  }

  var all: [ProofBeginning] {
    let sites = schedulers.sites
    guard !sites.isEmpty else {
      return [ProofBeginning("no site has a scheduler", world(inControl: nil), permitted: nil)]
    }
    return sites.flatMap { site in
      let whole = ProofBeginning(
        "\(site) is in control", world(inControl: site), permitted: site,
        isGoal: goals.contains(site))
      return [whole] + losses(of: site) + formerPrimaries(besides: site)
    }
  }

  /// A failover must do when the site is lost from the start; every plan, when one is lost on the way.
  private func losses(of site: String) -> [ProofBeginning] {
    guard plan.runType == .failover, !goals.isEmpty, !goals.contains(site) else { return [] }
    var lost = world(inControl: site)
    lost.losePower(at: site, in: inventory)
    var stale = lost
    for copy in inventory.copies where copy.site != site {
      stale[copy.subject, Exposure.property] = .integer(Self.stale)
    }
    var cutOff = world(inControl: site)
    cutOff.outages[site] = .cutOff
    return [
      ProofBeginning("\(site) was in control, and is lost", lost, permitted: site),
      ProofBeginning(
        "\(site) was in control, and is lost; the replica is a day behind", stale, permitted: site),
      ProofBeginning("\(site) is in control, and cut off", cutOff, permitted: site),
    ]
  }

  /// What a forced failover leaves: a copy that was the primary, and doesn't follow yet.
  private func formerPrimaries(besides site: String) -> [ProofBeginning] {
    inventory.databases.filter { $0.replication != nil && !$0.replicationFamily.followsByItself }
      .flatMap(inventory.copies(of:)).filter { $0.site != site }
      .compactMap { former in
        guard let active = inventory.copy(of: former.database, at: site) else { return nil }
        var world = world(inControl: site)
        if former.database.countsPromotions {
          world[active.subject, FactName.epoch] = 2
        }
        world[former.subject, FactName.role] = .string(
          former.database.replicationFamily.roleWhenFenced.rawValue)
        world[former.subject, DatabaseFence.fenced] = true
        world[former.subject, Exposure.property] = nil
        return ProofBeginning(
          "\(site) is in control, and \(former.subject) was the primary before", world,
          permitted: site, isGoal: goals.contains(site))
      }
  }

  /// The sites that the plan gives control to: where it starts a scheduler, else where it promotes a copy.
  private var goals: Set<String> {
    let started = plan.steps.compactMap { step -> String? in
      guard case .host(let host) = step.target, host.isScheduler,
        step.action == ServiceStart.schema.name
      else { return nil }
      return host.site
    }
    let promoted = plan.steps.compactMap { step -> String? in
      guard step.action == ReplicationReverse.schema.name,
        case .value(.string(let site)) = step.arguments["to"]
      else { return nil }
      return site
    }
    return Set(started.isEmpty ? promoted : started)
  }

  private func world(inControl site: String?) -> ModelWorld {
    var world = ModelWorld()
    for host in inventory.hosts {
      let waits = host.drill != nil || host.isScheduler && host.site != site
      for service in host.drillServices {
        let subject = host.subject(ofService: service)
        world[subject, FactName.serviceState] = waits ? "stopped" : "running"
        let usual = (host.startType ?? .automatic).rawValue
        world[subject, FactName.startType] = .string(waits ? "disabled" : usual)
      }
      guard host.isScheduler else { continue }
      world[host.id, FactName.ownGUID] = .string(ModelWorld.guid(of: host))
      world[host.id, FactName.fenced] = false
    }
    world.beginDrills(in: inventory)
    let holder = schedulers.first { $0.site == site }
    for copy in inventory.copies {
      let isPrimary = copy.site == (site ?? copy.database.primary)
      world.begin(copy, as: isPrimary ? .primary : .replica)
      world.setRows(of: copy, to: holder.map { [ModelWorld.guid(of: $0)] } ?? [])
    }
    return world
  }
}
