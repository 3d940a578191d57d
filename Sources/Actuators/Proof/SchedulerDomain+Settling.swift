public import Runbook

extension SchedulerDomain {
  /// What follows at once: a fenced host runs nothing, replicas have their primary's rows, and a former primary that ships
  /// its log by snapshots follows the one with the higher epoch.
  public func settled(_ world: ModelWorld) -> ModelWorld {
    var world = world
    for host in schedulers where world[host.id, FactName.fenced] == true {
      world.setServices(of: host, "stopped")
    }
    for database in plan.inventory.databases {
      settle(plan.inventory.copies(of: database), &world)
    }
    world.settleDrills(in: plan.inventory)
    return world
  }

  private func settle(_ copies: [DatabaseCopy], _ world: inout ModelWorld) {
    let reachable = copies.filter { world.outages[$0.site] == nil }
    let primary = newest(reachable.filter { world.role(of: $0) == .primary }, world)
    for copy in reachable {
      if let primary, copy != primary, copy.database.replicationFamily.followsByItself,
        world.role(of: copy) == .primary
      {
        world[copy.subject, FactName.role] = .string(CopyRole.replica.rawValue)
      }
      world.follow(copy, primary)
    }
    for copy in copies {
      let holders = world.guids(in: copy) ?? []
      let host = schedulers.first { $0.site == copy.site && holders == [world.guid(of: $0)] }
      world[copy.subject, FailoverInControl.inControl] = host.map { .string($0.id) } ?? .null
    }
  }

  /// Nil when there is none, or nothing says which of several was promoted last.
  private func newest(_ primaries: [DatabaseCopy], _ world: ModelWorld) -> DatabaseCopy? {
    guard primaries.count > 1 else { return primaries.first }
    let epochs = primaries.compactMap(world.epoch(of:))
    guard epochs.count == primaries.count, let last = epochs.max(),
      epochs.filter({ $0 == last }).count == 1
    else { return nil }
    return primaries.first { world.epoch(of: $0) == last }
  }
}
