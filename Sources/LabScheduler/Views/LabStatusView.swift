/// A lab's status for people.
struct LabStatusView {
  let status: LabStatus

  var lines: [String] {
    status.sites.flatMap(site) + [verdict]
  }

  private func site(_ site: LabStatus.Site) -> [String] {
    ["\(site.name)"] + site.hosts.flatMap(host) + database(site.database) + [""]
  }

  private func host(_ host: LabStatus.Host) -> [String] {
    let services = host.services.map { service in
      "\(service.name) \(service.state)"
        + (service.startType == .automatic ? "" : " (\(service.startType))")
    }
    let control = host.isInControl ? "  IN CONTROL" : ""
    return ["  host \(host.name): \(host.state)  GUID \(host.guid)\(control)"]
      + (services.isEmpty ? [] : ["    services: \(services.joined(separator: ", "))"])
  }

  private func database(_ database: LabStatus.DatabaseStatus) -> [String] {
    var lines: [String] = []
    if let role = database.role, let epoch = database.epoch, let position = database.position {
      let lag = database.lagMilliseconds.map { "  lag \(seconds($0)) s" } ?? ""
      lines.append("  database: \(role), epoch \(epoch), position \(position)\(lag)")
      let guids = database.failoverGuids.isEmpty ? ["empty"] : database.failoverGuids
      lines.append("    Failover: \(guids.joined(separator: ", "))")
    }
    if let problem = database.problem { lines.append("  database: \(problem)") }
    for name in database.diverged { lines.append("    kept aside: \(name)") }
    lines += database.lastRuns.map {
      "    \($0.finishedAt) \($0.job) by \($0.guid) (\($0.site).\($0.host)), exit \($0.exitStatus)"
    }
    return lines
  }

  private var verdict: String {
    switch status.schedulersInControl {
    case 0: "No scheduler is in control: no jobs run."
    case 1: "1 scheduler in control."
    default: "\(status.schedulersInControl) SCHEDULERS IN CONTROL."
    }
  }

  private func seconds(_ milliseconds: Int64) -> String {
    "\(milliseconds / 1000).\(milliseconds % 1000 / 100)"
  }
}
