public import Runbook

/// Schedulers and their replicated databases, as a proof knows them: who is in control at the beginning, that sites are lost
/// and come back, that replicas follow, that a scheduler takes control of an empty table.
public struct SchedulerDomain: ProofDomain {
  public let beginnings: [ProofBeginning]
  let plan: Plan
  let schedulers: [Host]
  /// What schedulers and databases say of themselves.
  private let governed: Set<String>
  /// Whether a scheduler's service manager asks for the permit before it starts anything by itself. Windows' never does.
  private let asksPermit: Bool

  /// - Parameter asksPermit: false proves without `lifeboat permit` on the scheduler's hosts.
  public init(_ plan: Plan, asksPermit: Bool = true) {
    self.plan = plan
    self.asksPermit = asksPermit
    schedulers = plan.inventory.schedulerHosts()
    let drills = plan.inventory.drillCopies
    let copies = plan.inventory.databases.flatMap(plan.inventory.copies(of:)) + drills
    let hosts = schedulers + drills.map(\.host)
    let services = hosts.flatMap { host in host.drillServices.map(host.subject(ofService:)) }
    governed = Set(hosts.map(\.id) + services + copies.map(\.subject))
    beginnings = ModelBeginnings(plan).all
  }

  public var assumptions: [String] {
    let permit =
      "a scheduler's host that comes back starts the scheduler only with a permit ('lifeboat permit', docs/permit.md)"
    let free =
      "a scheduler's host that runs Windows, and comes back, starts what isn't disabled or manual: nothing asks for a permit there"
    let manual = schedulers.filter { $0.startType == .manual }.map(\.id)
    let usual = [
      "where the scheduler runs on \(manual.joined(separator: ", ")), its services are set to manual, as the inventory says",
      "when no other site's scheduler runs, a person starts such services at the site that 'lifeboat permit' names",
    ]
    return (schedulers.contains(where: asks) ? [permit] : [])
      + (schedulers.contains(where: \.isWindows) ? [free] : []) + (manual.isEmpty ? [] : usual)
      + [
        "an act takes effect as a whole or not at all, at once or after its time is up",
        "an act that is under way ends when the sites that it changes lose their power",
        "where two copies take changes, and nothing says which was promoted last, a person fences the wrong one, as the step says",
        "who vouches for something says what is so at that moment",
        "nobody else starts services or promotes databases meanwhile",
        "a replica that receives has all that its primary committed; one whose primary is lost may lack the last of it",
        "what a precheck can't tell, a person accepts",
      ]
  }

  private func asks(_ scheduler: Host) -> Bool { asksPermit && !scheduler.isWindows }

  public func site(of subject: String) -> String? {
    plan.inventory.sites.map(\.name).first { site in
      subject.hasPrefix("\(site).") || subject.hasSuffix("@\(site)")
        || subject.contains("@\(site).")
    }
  }

  public func governs(_ subject: String) -> Bool { governed.contains(subject) }

  var sites: [String] { schedulers.sites }

  /// The copies of replicated databases.
  var copies: [DatabaseCopy] { plan.inventory.copies }

  func copies(at site: String) -> [DatabaseCopy] { copies.filter { $0.site == site } }

  // MARK: - Control

  public func inControl(_ world: ModelWorld) -> [String] {
    sites.filter { site in
      world.outages[site] != .powerless
        && copies(at: site).contains { copy in
          guard world.isPrimary(copy), let holders = world.guids(in: copy), !holders.isEmpty else {
            return false
          }
          let running = schedulers.filter { $0.site == site && world.runs($0) }
          return running.contains { holders == [world.guid(of: $0)] }
        }
    }
  }

  /// Where there is no scheduler, none has to be in control.
  public func isInOrder(_ world: ModelWorld) -> Bool {
    guard !schedulers.isEmpty else { return true }
    let inControl = inControl(world)
    return inControl.count == 1
      && schedulers.contains { $0.site == inControl[0] && world.runsWhole($0) }
  }

  // MARK: - By itself

  public func happenings(in world: ModelWorld, permitted: String?) -> [Happening] {
    sites.flatMap { site in
      movesOfSite(site, world, permitted) + takingControl(at: site, world)
    } + fencing(world, permitted) + startingByHand(world, permitted)
  }

  private func movesOfSite(
    _ site: String, _ world: ModelWorld, _ permitted: String?
  ) -> [Happening] {
    guard let outage = world.outages[site] else {
      var lost = world
      lost.losePower(at: site, in: plan.inventory)
      var cutOff = world
      cutOff.outages[site] = .cutOff
      return [
        Happening(.outage, "\(site) loses its power", lost),
        Happening(.outage, "\(site) is cut off, and goes on by itself", cutOff),
      ]
    }
    var back = world
    back.outages[site] = nil
    guard outage == .powerless else {
      return [Happening(.comesBack(site: site), "\(site) can be reached again", back)]
    }
    let starts = startServices(at: site, &back, permitted)
    return [
      Happening(
        .comesBack(site: site),
        "\(site) comes back\(starts ? ", and its scheduler starts by itself" : "")", back)
    ]
  }

  /// Whether a scheduler starts.
  private func startServices(
    at site: String, _ world: inout ModelWorld, _ permitted: String?
  ) -> Bool {
    var starts = false
    for host in plan.inventory.hosts where host.site == site {
      guard world[host.id, FactName.fenced] != true else { continue }
      guard !host.isScheduler || !asks(host) || permitted == site else { continue }
      for service in host.services {
        let subject = host.subject(ofService: service)
        guard world[subject, FactName.startType] == "automatic" else { continue }
        world[subject, FactName.serviceState] = "running"
        starts = starts || host.isScheduler
      }
    }
    return starts
  }

  private func takingControl(at site: String, _ world: ModelWorld) -> [Happening] {
    guard world.outages[site] != .powerless else { return [] }
    let running = schedulers.filter { $0.site == site && world.runs($0) }
    return copies(at: site).flatMap { copy -> [Happening] in
      guard world.isPrimary(copy), let holders = world.guids(in: copy) else { return [] }
      let silent = holders.isEmpty ? nil : silentPartner(holding: holders, at: site, world)
      guard holders.isEmpty || silent != nil else { return [] }
      return running.map { host in
        var taken = world
        taken.setRows(of: copy, to: [world.guid(of: host)])
        let words = silent.map { " from its partner \($0.id), which is silent" } ?? ""
        return Happening(.goesOn, "\(host.id) takes control\(words)", taken)
      }
    }
  }

  /// Of a pair at one site: the one in control, when it doesn't run. The other misses its heartbeats.
  private func silentPartner(
    holding holders: [String], at site: String, _ world: ModelWorld
  ) -> Host? {
    schedulers.first { host in
      host.site == site && !world.runs(host) && holders == [world.guid(of: host)]
    }
  }

  /// Services that are set to manual don't run, as after a reboot of their host: a person starts them at the site that may, when
  /// no other site's scheduler runs.
  private func startingByHand(_ world: ModelWorld, _ permitted: String?) -> [Happening] {
    guard let permitted, world.outages[permitted] == nil,
      !schedulers.contains(where: { $0.site != permitted && world.runs($0) })
    else { return [] }
    return schedulers.filter { host in
      host.site == permitted && host.startType == .manual && !world.runs(host)
        && world[host.id, FactName.fenced] != true
        && host.services.allSatisfy {
          world[host.subject(ofService: $0), FactName.startType] == "manual"
        }
    }.map { host in
      var started = world
      for service in host.services {
        started[host.subject(ofService: service), FactName.serviceState] = "running"
      }
      return Happening(.byHand, "a person starts the services of \(host.id)", started)
    }
  }

  /// Two copies take changes, and nothing says which was promoted last: the step asks a person to fence the wrong one.
  private func fencing(_ world: ModelWorld, _ permitted: String?) -> [Happening] {
    plan.inventory.databases.filter { !$0.countsPromotions }.flatMap { database in
      let primaries = plan.inventory.copies(of: database).filter {
        world.isPrimary($0) && world.outages[$0.site] == nil
      }
      guard primaries.count > 1, let permitted else { return [Happening]() }
      return primaries.filter { $0.site != permitted }.map { copy in
        var fenced = world
        fenced[copy.subject, FactName.role] = .string(
          database.replicationFamily.roleWhenFenced.rawValue)
        fenced[copy.subject, DatabaseFence.fenced] = true
        return Happening(.byHand, "a person fences \(copy.subject), as they were told", fenced)
      }
    }
  }

  // MARK: - Rules for acts

  public func breach(of act: ProofAct) -> ProofBreach? { truncation(act) ?? loss(act) }

  private func truncation(_ act: ProofAct) -> ProofBreach? {
    guard case .databaseAtSite(let database, let site) = act.step.target,
      let copy = plan.inventory.copy(of: database, at: site),
      act.before.guids(in: copy)?.isEmpty == false, act.after.guids(in: copy)?.isEmpty == true
    else { return nil }
    guard act.before.isPrimary(copy) else {
      return ProofBreach(
        "truncated-replica",
        "\(act.step.id) empties the Failover table of \(copy.subject), which isn't the primary")
    }
    let live = schedulers.first { $0.site == site && act.before.runs($0) }
    return live.map {
      ProofBreach(
        "truncated-live-table",
        "\(act.step.id) empties the Failover table of \(copy.subject) while \($0.id) runs")
    }
  }

  private func loss(_ act: ProofAct) -> ProofBreach? {
    guard !act.isConsentedTo else { return nil }
    let allowed = plan.objectives.rpo.flatMap { Duration(runbook: $0) } ?? .zero
    let promoted = copies.first { copy in
      act.before.role(of: copy) == .replica && act.after.role(of: copy) == .primary
        && .milliseconds(act.before[copy.subject, Exposure.property]?.integer ?? 0) > allowed
    }
    return promoted.map {
      ProofBreach(
        "unaccepted-loss",
        "\(act.step.id) promotes \($0.subject), which lacks more than \(allowed.runbookText), and nobody was asked"
      )
    }
  }
}
