import Foundation

/// Asking the operator's machine whether a site may run. The question goes through ssh with a key
/// that can ask this one thing.
struct PermitContent {
  let site: SiteName
  let lab: MachineLab

  private static let key = "/etc/lifeboat/permit_key"

  /// The question, as a unit's condition asks it.
  var question: String { "/usr/local/bin/lifeboat permit --site \(site) --ask operator" }

  /// What a machine needs to ask.
  private func askerEntries() throws -> [ContentEntry] {
    [
      .directory("/etc/lifeboat"),
      .file(Self.key, try LabSecrets(lab: lab).privateKey(.permit(site)), mode: 0o600),
      .directory("/root/.ssh", mode: 0o700),
      .file(
        "/root/.ssh/config",
        """
        Host operator
          User root
          HostName \(lab.operatorMachine.address)
          IdentityFile \(Self.key)
          IdentitiesOnly yes
          StrictHostKeyChecking yes
          BatchMode yes
          ConnectTimeout 5

        """, mode: 0o600),
    ]
  }

  /// The line by which the operator's machine admits the question, and nothing else.
  func admission() throws -> String {
    let command =
      "/usr/bin/env LIFEBOAT_HOME=\(OperatorContent.home) /usr/local/bin/lifeboat permit "
      + "--site \(site) --sites \(OperatorContent.sitesFile) --output json"
    let key = try LabSecrets(lab: lab).publicKey(.permit(site))
    return "command=\"\(command)\",restrict \(key)\n"
  }

  /// Lets a machine's units start only with a permit, from their next start on.
  static func require(at machine: Machine, _ lab: MachineLab) throws {
    guard let site = machine.site else { return }
    let permit = PermitContent(site: site, lab: lab)
    let conditions: [ContentEntry]
    switch machine.role {
    case .scheduler: conditions = SchedulerContent.services.map(permit.dropIn)
    case .database: conditions = lab.settings.database.server.permitEntries(machine, lab)
    case .agent, .operator, .storage: return
    }
    let running = RunningMachine(machine: machine, lab: lab)
    let writer = try ContentWriter(
      root: try running.path(atSupervisor: lab.place(machine).root), image: lab.settings.image)
    for entry in try permit.askerEntries() + conditions { try writer.write(entry) }
    try running.run(["systemctl", "daemon-reload"])
  }

  /// A drop-in that lets a unit start only with a permit.
  func dropIn(_ unit: String) -> ContentEntry {
    .file(
      "/etc/systemd/system/\(unit).service.d/permit.conf", "[Service]\nExecCondition=\(question)\n")
  }
}
