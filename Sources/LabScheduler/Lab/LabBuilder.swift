import Foundation

/// Makes what is missing of a lab. Each file comes into being whole, so building can be cut off
/// anywhere and taken up again.
struct LabBuilder {
  let layout: LabLayout
  let settings: LabSettings

  func build() throws {
    try File.createDirectory(layout.sharedLogDirectory)
    for site in layout.sites { try buildSite(site) }
    try buildDatabases()
    let sites = SitesFile(
      layout: layout, settings: settings, program: try ProcessSpawner.ownExecutable())
    try File.replace(layout.sitesFile, with: Data(sites.yaml.utf8))
  }

  private func buildSite(_ site: SiteLayout) throws {
    try File.createDirectory(site.outboxDirectory)
    try writeIfMissing(site.replicationFile) {
      try JSON.encode(
        ReplicationConfiguration(
          site: site.name.rawValue, partnerSite: site.name.partner.rawValue,
          databaseFile: site.databaseFile, outboxDirectory: site.outboxDirectory,
          partnerOutboxDirectory: layout.site(site.name.partner).outboxDirectory,
          partnerDatabaseFile: layout.site(site.name.partner).databaseFile,
          shipInterval: settings.shipInterval), pretty: true)
    }
    for name in site.hostNames(settings) { try buildHost(name, site) }
  }

  private func buildHost(_ name: String, _ site: SiteLayout) throws {
    let host = site.host(name)
    try File.createDirectory(host.logDirectory)
    try File.createDirectory(host.serviceDirectory)
    let configuration = configuration(of: name, host, site)
    try writeIfMissing(host.configurationFile) { try JSON.encode(configuration, pretty: true) }
    try writeIfMissing(host.serverConfigFile) {
      ServerConfig(installedGuid: UUID().uuidString).xml
    }
    try writeIfMissing(host.failoverConfigFile) { failoverConfig(site).xml }
    for service in configuration.services {
      guard !File.exists(host.startTypeFile(service)) else { continue }
      let startType = name == SiteLayout.drillHost ? .manual : startType(service, site.name)
      try StartTypeFile.write(startType, to: host.startTypeFile(service))
    }
  }

  private func configuration(
    of name: String, _ host: HostDirectory, _ site: SiteLayout
  ) -> HostConfiguration {
    guard name != SiteLayout.drillHost else {
      return HostConfiguration(
        site: site.name.rawValue, name: name, address: address(name, site.name),
        databaseFile: "\(host.drillDirectory)/scheduler.sqlite",
        sharedLogDirectory: "\(host.drillDirectory)/logs", replicationFile: nil, isIsolated: true)
    }
    return HostConfiguration(
      site: site.name.rawValue, name: name, address: address(name, site.name),
      databaseFile: site.databaseFile, sharedLogDirectory: layout.sharedLogDirectory,
      replicationFile: name == "scheduler" ? site.replicationFile : nil)
  }

  private func buildDatabases() throws {
    let production = layout.site(.production)
    let standby = layout.site(.dr)
    if !File.exists(production.databaseFile) {
      try LabDatabase.createPrimary(
        at: production.databaseFile, site: production.name.rawValue,
        jobInterval: settings.jobInterval)
    }
    if !File.exists(standby.databaseFile) {
      try LabDatabase.createReplica(at: standby.databaseFile, of: production.databaseFile)
    }
  }

  private func startType(_ service: ServiceName, _ site: SiteName) -> StartType {
    site == .production || service == .replicator ? .automatic : settings.standbyStartType
  }

  private func failoverConfig(_ site: SiteLayout) -> FailoverConfig {
    let addresses = site.schedulerNames(settings).map { address($0, site.name) }
    return FailoverConfig(
      primary: addresses[0], secondary: addresses.count > 1 ? addresses[1] : "",
      port: LabAddresses.port, interval: settings.heartbeatInterval)
  }

  private func address(_ host: String, _ site: SiteName) -> String {
    let number =
      switch (site, host) {
      case (.production, "scheduler"): 1
      case (.production, _): 2
      case (.dr, SiteLayout.drillHost): 4
      case (.dr, _): 3
      }
    return settings.addresses.address(number: number)
  }

  private func writeIfMissing(_ path: String, _ content: () throws -> Data) throws {
    if !File.exists(path) { try File.replace(path, with: try content()) }
  }
}
