import Foundation
import Testing

@testable import Runbook

@Suite("A scheduler's REST server in an inventory")
struct SchedulerRESTTests {
  private func inventory() throws -> Inventory {
    try Inventory(reading: SourceText(file: "sites.yaml", text: Self.text))
  }

  private static let text = """
    sites:
      production:
        hosts:
          scheduler:
            connection: { kind: local }
            rest:
              url: https://JAMS-1.example:6371/jams/
              user: lifeboat
              password: env:JAMS_PASSWORD
              ca: /etc/lifeboat/authority.pem
              maintenance_window: { path: "/api/resource?name={resource}", quantity: quantityAvailable }
              jobs: { path: /api/job, name: jobName, agent: agentName, local_agent: JAMS01 }
              version: { path: /api/version, field: version }
      dr:
        hosts:
          scheduler:
            connection: { kind: local }
            rest:
              url: https://[2001:db8::2]/jams
              user: lifeboat
              password: file:/etc/lifeboat/jams
              maintenance_window: { resource: Pause, path: "/r/{resource}", update: /r, quantity: q }
    """

  @Test func isReadWithItsDefaults() throws {
    let rest = try #require(try inventory().host("production.scheduler")?.rest)
    #expect(
      rest
        == SchedulerREST(
          url: "https://JAMS-1.example:6371/jams", user: "lifeboat",
          password: try #require(SecretReference("env:JAMS_PASSWORD")),
          authority: "/etc/lifeboat/authority.pem",
          maintenanceWindow: .init(
            resource: "MaintenanceWindow", path: "/api/resource?name={resource}",
            updatePath: "/api/resource?name={resource}", quantityField: "quantityAvailable"),
          jobs: .init(
            path: "/api/job", nameField: "jobName", agentField: "agentName", localAgent: "JAMS01"),
          version: .init(path: "/api/version", field: "version")))
    let other = try #require(try inventory().host("dr.scheduler")?.rest)
    #expect(other.address == "2001:db8::2")
    #expect(other.maintenanceWindow?.resource == "Pause")
    #expect(other.maintenanceWindow?.updatePath == "/r")
    #expect(other.jobs == nil && other.version == nil && other.authority == nil)
  }

  @Test func itsSecretsAreThoseOfTheInventory() throws {
    #expect(
      try inventory().secrets.map(\.description) == [
        "env:JAMS_PASSWORD", "file:/etc/lifeboat/jams",
      ])
  }

  @Test func aLostSitesServerIsNamedByItsAddress() throws {
    let names = LostNames(of: ["production"], in: try inventory())
    let mention = names.mention(in: "https://jams-1.example:6371/jams/api/agent")
    #expect(mention?.meaning == "the address of production.scheduler")
    #expect(mention?.kind == .address)
    #expect(names.mention(in: "https://[2001:db8::2]/jams/api/agent") == nil)
  }

  /// An agent that still takes the scheduler's name for production's address is told by that.
  @Test func aLostSitesSettingsAreNamesOfItWhereNoOtherSiteHasThem() throws {
    let settings = { (address: String) in
      ["scheduler-address": address, "scheduler-name": "jams.example", "account": #"D\JAMS$"#]
    }
    let sites = [("production", "192.0.2.11"), ("dr", "198.51.100.11")].map {
      Site(name: $0, hosts: [], settings: settings($1))
    }
    let names = LostNames(of: ["production"], in: Inventory(sites: sites))
    #expect(
      names.mention(in: "192.0.2.11 jams.example")?.meaning
        == "the address of production, by its setting 'scheduler-address'")
    #expect(names.mention(in: "198.51.100.11 jams.example") == nil)
    #expect(names.mention(in: #"D\JAMS$"#) == nil)
  }

  @Test func aPlanKeepsIt() throws {
    let inventory = try inventory()
    let kept = try JSONDecoder().decode(Inventory.self, from: try JSONEncoder().encode(inventory))
    #expect(kept == inventory)
  }
}
