import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// A site whose database host can't be reached, and what the actions on its copy say of it then.
struct DarkSite: InventoriedDatabase {
  let site: String
  let inventory: Inventory

  /// - Parameter directory: for the program that stands for the way to the host.
  init(_ site: String, of inventory: Inventory, in directory: String) throws {
    self.site = site
    let sites = try inventory.sites.map { each in
      guard each.name == site else { return each }
      return Site(
        name: site,
        hosts: try each.hosts.map { host in
          guard host.guid == nil else { return host }
          let down = try Host.down(site, host.name, in: directory)
          return Host(
            site: site, name: host.name, connection: down.connection,
            serviceManager: host.serviceManager)
        })
    }
    self.inventory = Inventory(sites: sites, databases: inventory.databases)
  }

  /// Every action that a database of any kind has keeps its word.
  func expectConformance(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await expectConformsUnreachable(
      [
        try make(DatabaseFence.self, at: site), try make(DatabaseWritable.self, at: site),
        try make(ReplicationStatus.self), try make(ReplicationRejoin.self, at: site),
        try make(ReplicationReverse.self, ["to": .string(site), "mode": "graceful"]),
        try make(ReplicationLag.self, ["maximum": "1s", "to": .string(site)]),
      ], sourceLocation: sourceLocation)
  }
}
