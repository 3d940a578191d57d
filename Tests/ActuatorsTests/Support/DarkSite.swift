import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// A site whose database host can't be reached, and what the actions on its copy say of it then.
struct DarkSite {
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

  /// An action on the inventory's first database, or on its copy at a site.
  func make<A: Action>(
    _ type: A.Type, _ values: [String: Value] = [:], at site: String? = nil
  ) throws -> A {
    let database = inventory.databases[0]
    let target: Target = site.map { .databaseAtSite(database, site: $0) } ?? .database(database)
    return try A(Arguments(values, on: target, in: inventory))
  }

  /// Every action that a database of any kind has keeps its word.
  func expectConformance() async throws {
    try await expectConformance(of: [
      try make(DatabaseFence.self, at: site), try make(DatabaseWritable.self, at: site),
      try make(ReplicationStatus.self), try make(ReplicationRejoin.self, at: site),
      try make(ReplicationReverse.self, ["to": .string(site), "mode": "graceful"]),
      try make(ReplicationLag.self, ["maximum": "1s", "to": .string(site)]),
    ])
  }

  func expectConformance(of actions: [any Action]) async throws {
    for action in actions {
      let findings = try await UnreachableConformance(action, in: world).findings()
      #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    }
  }
}
