/// `sites.yaml`: the lab of machines as an inventory for Lifeboat, as the operator's machine sees
/// it. Nothing in it needs quoting but what is quoted: all names are the lab's own.
struct MachineSitesFile {
  let lab: MachineLab

  var yaml: String {
    (["sites:"] + SiteName.allCases.flatMap(site) + databases + paths + groups)
      .joined(separator: "\n") + "\n"
  }

  private func site(_ site: SiteName) -> [String] {
    ["  \(site):", "    hosts:"] + lab.machines.filter { $0.site == site }.flatMap(host)
  }

  private func host(_ machine: Machine) -> [String] {
    switch machine.role {
    case .scheduler:
      return host(
        machine.nameAtSite, on: machine,
        [
          "services: [\(SchedulerContent.services.joined(separator: ", "))]",
          "guid: { file: \(SchedulerContent.guidFile), element: InstalledGUID }",
        ])
    case .database:
      let drill = lab.settings.database.server.drillInventory(machine, lab)
      return host(machine.nameAtSite, on: machine)
        + (drill.map { host($0.name, on: machine, $0.lines) } ?? [])
    case .agent, .operator, .storage: return host(machine.nameAtSite, on: machine)
    }
  }

  private func host(_ name: String, on machine: Machine, _ own: [String] = []) -> [String] {
    let common = [
      "connection: { kind: ssh, to: \(machine.name), config: \(OperatorContent.sshConfig) }",
      "elevate: sudo",
      "service_manager: { kind: systemd }",
    ]
    return ["      \(name):"] + (common + own).map { "        \($0)" }
  }

  private var databases: [String] {
    let server = lab.settings.database.server
    return [
      "databases:",
      "  scheduler:",
      "    kind: \(lab.settings.database)",
      "    database: \(LabDatabaseAccess.name)",
      "    port: \(server.port)",
      "    tls: { mode: verify-full, ca: \(OperatorContent.certificateAuthority) }",
      "    observe: \(account("lifeboat_observe", .observe))",
      "    operate: \(account("lifeboat_operate", .operate))",
      "    replication:",
    ] + server.replicationInventory.map { "      \($0)" }
      + ["    server:"] + server.serverInventory.map { "      \($0)" }
      + [
        "    primary: production", "    failover_table: Failover", "    guid_column: guid",
        "    heartbeat_column: heartbeat_at",
        "    at:",
      ]
      + SiteName.allCases.map {
        "      \($0): { host: database, address: \(lab.machine($0, .database).address) }"
      }
  }

  private func account(_ user: String, _ password: LabSecrets.Password) -> String {
    "{ user: \(user), password: \"file:\(OperatorContent.passwordFile(password))\" }"
  }

  private var paths: [String] {
    ["paths:"]
      + path("scheduler-logs", StorageContent.logs)
      + path("default-logs", SchedulerContent.defaultLogs)
  }

  private func path(_ name: String, _ path: String) -> [String] {
    ["  \(name):", "    at:"] + SiteName.allCases.map { "      \($0).scheduler: \(path)" }
  }

  private var groups: [String] {
    let agents = lab.machines.filter { $0.role == .agent }.map { "\(MachineNetwork.dr).\($0.name)" }
    return agents.isEmpty ? [] : ["groups:", "  agents: [\(agents.joined(separator: ", "))]"]
  }
}
