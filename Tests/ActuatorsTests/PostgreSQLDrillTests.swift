import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// The actions of a drill upon real PostgreSQL servers.
@Suite(.serialized, .enabled(if: PostgreSQLPair.canRun, "needs root and postgresql-15"))
struct PostgreSQLDrillTests {
  @Test("a drill, action by action: each conforms where it is needed")
  func drill() async throws {
    try await PostgreSQLDrill.with { drill in
      try await expectConforms(try drill.make(DrillAbsent.self)) { try await drill.standing() }
      try await expectConforms(try drill.makeOnHost(DrillIsolated.self)) {
        try await drill.standing()
      }
      try await expectConforms(try drill.make(DrillCopy.self)) { try await drill.standing() }
      try await drill.expectKeepsNothingOfTheReplica()
      try await expectConforms(try drill.make(DrillPromote.self)) { try await drill.standing() }
      try await expectConforms(try drill.make(FailoverTruncate.self)) { try await drill.standing() }
      try await expectConforms(try drill.makeOnHost(ServiceStart.self)) {
        try await drill.standing()
      }
      try await expectConforms(try drill.make(DrillRemove.self)) { try await drill.standing() }
      #expect(!FileManager.default.fileExists(atPath: drill.copyDirectory))
      // What is real has stayed as it was, and replication goes on.
      #expect(try await drill.pair.roles() == "primary 1, replica 1")
      #expect(try await drill.pair.sql("dr", "SELECT guid FROM \"Failover\"") == "PRODUCTION")
      try await drill.pair.sql("production", "INSERT INTO rows VALUES (1)")
      try await drill.pair.caughtUp()
    }
  }

  @Test("what a killed runner left half made is made anew, or removed")
  func halfMade() async throws {
    try await PostgreSQLDrill.with { drill in
      let copying = try drill.make(DrillCopy.self)
      let nothing = try await drill.pair.look(copying).observation
      let all = copying.operations(given: nothing).count
      // Without a mark, with a beginning, with a copy that leads to the primary, with one that isn't served.
      for calls in [1, 5, 6, all - 1] {
        let dying = MortalOperator(world.makeOperator(token: "test"), after: calls)
        await #expect(throws: MortalOperator.Died.self) {
          _ = try await copying.act(dying, given: nothing)
        }
        // Every other time it is gone on with.
        if calls.isMultiple(of: 2) { try await drill.pair.perform(copying) }
        try await drill.pair.perform(try drill.make(DrillRemove.self))
        #expect(!FileManager.default.fileExists(atPath: drill.copyDirectory))
      }
    }
  }

  @Test("each guard of making a copy says no when it should")
  func guards() async throws {
    try await PostgreSQLDrill.with { drill in
      let copying = try drill.make(DrillCopy.self)
      var observation = try await drill.pair.look(copying).observation
      for each in copying.guards { #expect(each.check(observation) == .holds, "\(each.id)") }
      func violated(_ id: String) throws -> Bool {
        let each = try #require(copying.guards.first { $0.id == id })
        if case .violated = each.check(observation) { return true } else { return false }
      }
      observation.state("dr.drill", DrillIsolation.unitsOutside, ["drill-server runs as root"])
      #expect(try violated("is-isolated"))
      observation.state(copying.subject, DirectoryFacts.freeBytes, .integer(1 << 20))
      #expect(try violated("enough-space"))
      observation.state(copying.subject, DrillSource.socket, .null)
      #expect(try violated("source-can-be-copied"))

      let elsewhere = "/tmp/lifeboat-tablespace-\(UUID().uuidString.prefix(8))"
      try await shell("install", "-d", "-o", "postgres", elsewhere)
      try await drill.pair.sql("production", "CREATE TABLESPACE far LOCATION '\(elsewhere)'")
      try await drill.pair.caughtUp()
      #expect(
        try await drill.pair.finding("source-can-be-copied", of: copying)
          == .violated("scheduler@dr has the tablespaces far"))
      try await shell("rm", "-r", elsewhere)
    }
  }

  @Test("an address that leads to a real server: it is neither promoted nor emptied")
  func wrongAddress() async throws {
    try await PostgreSQLDrill.with { drill in
      try await drill.pair.perform(try drill.make(DrillCopy.self))
      let wrong = drill.reaching("127.0.0.1", drill.pair.port("dr"))
      let target = Target.databaseAtSite(wrong.databases[0], site: "dr.drill")
      let actions: [any ActingAction] = [
        try DrillPromote(Arguments(on: target, in: wrong)),
        try FailoverTruncate(Arguments(on: target, in: wrong)),
        try ServiceStart(
          Arguments(on: .host(try #require(wrong.host("dr.drill"))), in: wrong)),
        try SQLRun(
          Arguments(["statement": "DELETE FROM rows", "unless": "SELECT 0"], on: target, in: wrong)),
      ]
      for action in actions {
        let observation = try await action.probe(world.makeObserver())
        let marked = try #require(action.guards.first { $0.id == "is-drills-copy" })
        guard case .violated(let why) = marked.check(observation) else {
          Issue.record("\(type(of: action).schema.name) takes a real server for the drill's")
          continue
        }
        #expect(why.contains("serves \(drill.pair.data("dr"))"))
      }
      #expect(throws: ActionError.self) { try drill.make(ReplicationRejoin.self) }
    }
  }

  @Test("a link in the directory is removed, and what it leads to is not")
  func links() async throws {
    try await PostgreSQLDrill.with { drill in
      let outside = "\(drill.directory)/outside"
      try await shell("install", "-d", outside)
      try "kept".write(toFile: "\(outside)/file", atomically: true, encoding: .utf8)
      try await drill.pair.perform(try drill.make(DrillCopy.self))
      try await shell("ln", "-s", outside, "\(drill.copyDirectory)/data/pg_tblspc/16384")
      try await shell("ln", "-s", outside, "\(drill.copyDirectory)/data.making")
      try await drill.pair.perform(try drill.make(DrillRemove.self))
      #expect(try String(contentsOfFile: "\(outside)/file", encoding: .utf8) == "kept")
    }
  }
}

extension DrillCopy {
  fileprivate var subject: String { "scheduler@dr.drill" }
}

extension PostgreSQLDrill {
  /// Nothing in the copy leads to the primary, and it is a replica until it is promoted.
  fileprivate func expectKeepsNothingOfTheReplica() async throws {
    let settings = try String(
      contentsOfFile: "\(copyDirectory)/data/postgresql.auto.conf", encoding: .utf8)
    #expect(settings.isEmpty, "\(settings)")
    #expect(FileManager.default.fileExists(atPath: "\(copyDirectory)/data/standby.signal"))
    let slots = "SELECT count(*) FROM pg_replication_slots WHERE slot_name <> 'lifeboat_dr'"
    #expect(try await pair.sql("dr", slots) == "0")
    #expect(try await pair.sql("production", slots) == "0")
  }

  /// The inventory with another address of the drill's server.
  fileprivate func reaching(_ address: String, _ port: Int) -> Inventory {
    let sites = inventory.sites.map { site in
      Site(
        name: site.name,
        hosts: site.hosts.map { host in
          guard let place = host.drill, let server = place.server else { return host }
          return Host(
            site: host.site, name: host.name, connection: host.connection, inside: host.inside,
            serviceManager: host.serviceManager, services: host.services, guid: host.guid,
            drill: DrillPlace(
              database: place.database, directory: place.directory,
              server: DrillServer(
                address: address, port: port, service: server.service, account: server.account)))
        })
    }
    return Inventory(sites: sites, databases: inventory.databases)
  }
}
