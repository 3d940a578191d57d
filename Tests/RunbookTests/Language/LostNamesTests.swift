import Testing

@testable import Runbook

@Suite("What names a lost site")
struct LostNamesTests {
  private func names(_ sites: Set<String> = ["production"]) throws -> LostNames {
    LostNames(
      of: sites,
      in: try Inventory(reading: SourceText(file: "sites.yaml", text: Self.inventory)))
  }

  static let inventory = """
    sites:
      production:
        hosts:
          scheduler:
            connection: { kind: ssh, to: jobs1.example.com }
            guid: { value: "{1B4E28BA-2FA1-41D2-883F-0016D3CCA427}" }
          vault:
            connection: { kind: exec, through: [enter, vault-1, "--"] }
          database:
            connection: { kind: ssh, to: 10.0.0.1 }
      dr:
        hosts:
          scheduler:
            connection: { kind: ssh, to: jobs2.example.com }
          inner:
            connection: { kind: exec, through: [enter, vault-1, "--", enter, inner-1, "--"] }
          behind:
            connection: { kind: exec, through: [tunnel, "jobs1.example.com:22", "--"] }
          beside:
            connection: { kind: exec, through: [enter, vault-2, "--"] }
          database:
            connection: { kind: local }
    databases:
      jobs:
        kind: postgresql
        database: jobs
        observe: { user: o }
        operate: { user: p }
        server: { service: postgresql, data_directory: /data }
        replication: { kind: streaming, user: r }
        primary: production
        at:
          production: { host: database, address: db.production.example }
          dr: { host: database, address: 127.0.0.1 }
    """

  @Test(arguments: [
    ("production.scheduler", "the host production.scheduler"),
    ("ssh jobs1.example.com uptime", "the address of production.scheduler"),
    ("https://DB.PRODUCTION.EXAMPLE:8443/x", "the address of jobs@production"),
    ("the server is db.production.example.", "the address of jobs@production"),
    ("tcp:10.0.0.1:5432", "the address of production.database"),
    ("1b4e28ba-2fa1-41d2-883f-0016d3cca427", "the GUID of production.scheduler"),
    ("/mnt/production-logs", "a place of the name production"),
    ("fs.production.example:/logs", "a place of the name production"),
  ]) func isNamed(text: String, meaning: String) throws {
    #expect(try names().mention(in: text)?.meaning == meaning)
  }

  @Test(arguments: [
    "production", "preproduction.example", "/mnt/production_logs", "10.0.0.12", "110.0.0.1",
    "other.db.dr.example", "jobs1.example.community", "my-jobs1.example.com", "127.0.0.1",
    "jobs2.example.com", "dr.scheduler", "",
  ]) func isNotNamed(text: String) throws {
    #expect(try names().mention(in: text) == nil)
  }

  @Test func whatLeadsThroughALostHostIsKnown() throws {
    let inventory = try Inventory(reading: SourceText(file: "sites.yaml", text: Self.inventory))
    let names = try names()
    func way(_ host: String) throws -> String? { names.way(to: try #require(inventory.host(host))) }
    #expect(try way("dr.inner") == "production.vault")
    #expect(try way("dr.behind") == "the address of production.scheduler")
    #expect(try way("dr.beside") == nil)
    #expect(try way("dr.scheduler") == nil)
    #expect(try way("dr.database") == nil)
  }

  @Test func aLoopbackAddressIsNobodys() throws {
    #expect(try self.names(["dr"]).mention(in: "http://127.0.0.1:8080/") == nil)
  }
}
