import Foundation

/// A site's scheduler: its services, and the shared logs.
struct SchedulerContent {
  let machine: Machine
  let lab: MachineLab

  static let directory = "/etc/lab-scheduler"
  static let configurationFile = "\(directory)/host.json"
  static let guidFile = "\(directory)/Server.config"
  /// Where the services write when no shared path is set.
  static let defaultLogs = "/var/log/lab-scheduler"
  /// In the order in which they start.
  static let services = ["lab-server", "lab-executor", "lab-scheduler"]
  private static let logsUnit = "lab-logs"
  private static let logsKey = "/etc/lab-scheduler/logs_key"

  func entries() throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    // Only a machine of a site is a scheduler.
    let site = machine.site!
    return [
      .directory(Self.directory),
      .file(Self.configurationFile, try configuration(site)),
      .file(
        Self.guidFile,
        String(decoding: ServerConfig(installedGuid: UUID().uuidString).xml, as: UTF8.self)),
      .file(LabDatabaseAccess.passwordFile, try secrets.password(.scheduler) + "\n", mode: 0o600),
      .file(LabDatabaseAccess.certificateAuthority, try secrets.certificateAuthority()),
      .file(Self.logsKey, try secrets.privateKey(.logs), mode: 0o600),
      .directory(Self.defaultLogs),
      .directory(StorageContent.logs),
      .file("/etc/systemd/system/\(Self.logsUnit).service", logsService),
      .link(
        "/etc/systemd/system/multi-user.target.wants/\(Self.logsUnit).service",
        to: "/etc/systemd/system/\(Self.logsUnit).service"),
    ] + units
  }

  private func configuration(_ site: SiteName) throws -> String {
    let configuration = MachineHostConfiguration(
      site: site.rawValue, name: machine.name, address: machine.address, guidFile: Self.guidFile,
      sharedLogDirectory: StorageContent.logs, logDirectory: Self.defaultLogs,
      database: LabDatabaseAccess(lab: lab).settings(copies: [lab.machine(site, .database)]))
    return String(decoding: try JSON.encode(configuration, pretty: true), as: UTF8.self) + "\n"
  }

  private var units: [ContentEntry] {
    [
      unit("lab-server", "server", "Control of the lab's scheduler", requires: []),
      unit("lab-executor", "executor", "Runs the lab's jobs", requires: []),
      // Stopping the executor stops the scheduler.
      unit("lab-scheduler", "scheduler", "Queues the lab's jobs", requires: ["lab-executor"]),
    ]
  }

  private func unit(
    _ name: String, _ verb: String, _ description: String, requires: [String]
  ) -> ContentEntry {
    let earlier = Self.services.prefix { $0 != name }.map { "\($0).service" }
    let after = (["network.target", "\(Self.logsUnit).service"] + earlier).joined(separator: " ")
    let requirements = requires.map { "Requires=\($0).service\n" }.joined()
    return .file(
      "/etc/systemd/system/\(name).service",
      """
      [Unit]
      Description=\(description)
      Wants=\(Self.logsUnit).service
      After=\(after)
      \(requirements)
      [Service]
      ExecStart=/usr/local/bin/lab-scheduler \(verb) --config \(Self.configurationFile)
      Restart=no
      TimeoutStopSec=30

      [Install]
      WantedBy=multi-user.target

      """)
  }

  /// sshfs goes into the background when the mount is there, so the unit has started then.
  private var logsService: String {
    let options = [
      "reconnect", "ServerAliveInterval=2", "ServerAliveCountMax=2", "ConnectTimeout=5",
      "IdentityFile=\(Self.logsKey)", "StrictHostKeyChecking=yes", "BatchMode=yes", "allow_other",
    ].joined(separator: ",")
    return """
      [Unit]
      Description=The schedulers' shared logs
      After=network.target
      StartLimitIntervalSec=0

      [Service]
      Type=forking
      ExecStartPre=-/usr/bin/fusermount3 -u -z \(StorageContent.logs)
      ExecStart=/usr/bin/sshfs -o \(options) lifeboat@storage:\(StorageContent.logs) \(StorageContent.logs)
      Restart=always
      RestartSec=1
      TimeoutStartSec=15

      [Install]
      WantedBy=multi-user.target

      """
  }
}

/// `/etc/lab-scheduler/host.json`: what a scheduler's services know of their surroundings.
struct MachineHostConfiguration: Encodable {
  let site: String
  let name: String
  let address: String
  let guidFile: String
  let sharedLogDirectory: String
  let logDirectory: String
  let database: LabDatabaseAccess.Settings
}
