import Foundation

/// `sites.yaml`: the lab as an inventory for Lifeboat. Every text that could be
/// anything is double-quoted.
struct SitesFile {
  let layout: LabLayout
  let settings: LabSettings
  let program: String

  var yaml: String {
    (["sites:"] + layout.sites.flatMap(site) + database + paths).joined(separator: "\n") + "\n"
  }

  private func site(_ site: SiteLayout) -> [String] {
    ["  \(site.name):", "    hosts:"]
      + site.hostNames(settings).flatMap { host($0, site.host($0)) }
  }

  private func host(_ name: String, _ host: HostDirectory) -> [String] {
    let through = list([program, "at", host.path, "--"])
    let control = list([program, "service"])
    let services = ServiceName.allCases.filter { $0 != .replicator }.map(\.rawValue)
    let guidFile = quoted(host.serverConfigFile)
    return [
      "      \(name):",
      "        connection: { kind: exec, through: \(through) }",
      "        service_manager:",
      "          { kind: process, control: \(control), directory: \(quoted(host.path)) }",
      "        services: \(list(services))",
      "        guid: { file: \(guidFile), element: InstalledGUID }",
    ]
      + (name == SiteLayout.drillHost
        ? ["        drill: { database: scheduler, directory: \(quoted(host.drillDirectory)) }"]
        : [])
  }

  private var database: [String] {
    [
      "databases:",
      "  scheduler:",
      "    kind: sqlite",
      "    replication: { kind: log_shipping }",
      "    primary: production",
      "    failover_table: Failover",
      "    guid_column: guid",
      "    heartbeat_column: heartbeat_at",
      "    at:",
    ]
      + layout.sites.map {
        "      \($0.name): { host: scheduler, file: \(quoted($0.databaseFile)) }"
      }
  }

  private var paths: [String] {
    ["paths:", "  scheduler-logs:", "    at:"]
      + hosts.map { "      \($0.target): \(quoted(layout.sharedLogDirectory))" }
      + ["  default-logs:", "    at:"]
      + hosts.map { "      \($0.target): \(quoted($0.host.logDirectory))" }
  }

  private var hosts: [(target: String, host: HostDirectory)] {
    layout.sites.flatMap { site in
      site.schedulerNames(settings).map { ("\(site.name).\($0)", site.host($0)) }
    }
  }

  private func list(_ texts: [String]) -> String {
    "[" + texts.map(quoted).joined(separator: ", ") + "]"
  }

  private func quoted(_ text: String) -> String {
    var quoted = "\""
    for character in text.unicodeScalars {
      switch character {
      case "\"", "\\": quoted += "\\" + String(character)
      case let control where control.value < 0x20 || control.value == 0x7f:
        quoted += String(format: "\\x%02x", control.value)
      default: quoted.unicodeScalars.append(character)
      }
    }
    return quoted + "\""
  }
}
