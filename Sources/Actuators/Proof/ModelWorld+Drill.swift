import Runbook

/// A drill's host and its throw-away copy in an imagined world.
extension ModelWorld {
  /// Before any drill: nothing is there, and what runs there reaches nothing.
  mutating func beginDrills(in inventory: Inventory) {
    for copy in inventory.drillCopies {
      let host = copy.host
      self[copy.subject, DrillDirectory.files] = .null
      self[copy.subject, DrillDirectory.mark] = .null
      self[copy.subject, DrillSource.bytes] = 0
      self[copy.subject, DrillSource.socket] = []
      self[copy.subject, DrillSource.tablespaces] = []
      self[copy.subject, DirectoryFacts.freeBytes] = .integer(Int.max)
      self[host.id, DrillIsolation.interfaces] = ["lo"]
      self[host.id, DrillIsolation.writablePaths] = []
      self[host.id, DrillIsolation.unitsOutside] = []
      self[host.id, FactName.ownGUID] = .string(Self.guid(of: host))
      self[host.id, FactName.fenced] = false
    }
  }

  /// What follows at once: without its directory there is no copy, and a drill's scheduler that runs takes control of its own.
  mutating func settleDrills(in inventory: Inventory) {
    for copy in inventory.drillCopies {
      if self[copy.subject, DrillDirectory.files] == .null {
        self[copy.subject, FactName.role] = .string(CopyRole.lost.rawValue)
        for property in [
          FactName.epoch, FactName.failoverRows, FailoverInControl.inControl, CopyFacts.writable,
          DrillDirectory.served,
        ] {
          self[copy.subject, property] = nil
        }
        continue
      }
      let own = guid(of: copy.host)
      if isPrimary(copy), guids(in: copy) == [], runs(copy.host) { setRows(of: copy, to: [own]) }
      self[copy.subject, FailoverInControl.inControl] =
        guids(in: copy) == [own] ? .string(copy.host.id) : .null
    }
  }
}

extension Inventory {
  /// The copies that drills make.
  var drillCopies: [DatabaseCopy] {
    hosts.compactMap { host in
      host.drill.flatMap { database($0.database) }.flatMap { copy(of: $0, at: host.id) }
    }
  }
}
