/// The operator's machine: the inventory, the keys, Lifeboat's state.
struct OperatorContent {
  let machine: Machine
  let lab: MachineLab

  static let home = "/var/lib/lifeboat"
  static let directory = "/etc/lifeboat"
  static let sitesFile = "\(directory)/sites.yaml"
  static let sshConfig = "\(directory)/ssh_config"
  static let certificateAuthority = "\(directory)/ca.crt"
  static func passwordFile(_ password: LabSecrets.Password) -> String {
    "\(directory)/secrets/\(password.rawValue).password"
  }

  private static let key = "\(directory)/id_ed25519"
  private static let knownHosts = "\(directory)/known_hosts"

  func entries() throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    let admitted = try SiteName.allCases.map {
      try PermitContent(site: $0, lab: lab).admission()
    }
    return [
      .directory(Self.directory),
      .file(Self.sitesFile, MachineSitesFile(lab: lab).yaml),
      .file(Self.sshConfig, sshConfig),
      .file(Self.knownHosts, try secrets.knownHosts()),
      .file(Self.key, try secrets.privateKey(.operator), mode: 0o600),
      .file(Self.certificateAuthority, try secrets.certificateAuthority()),
      .directory("\(Self.directory)/secrets", mode: 0o700),
    ]
      + (try LabSecrets.Password.allCases.map {
        .file(Self.passwordFile($0), try secrets.password($0) + "\n", mode: 0o600)
      }) + [
        .file("/root/.ssh/config", "Include \(Self.sshConfig)\n", mode: 0o600),
        .file(
          "/root/.ssh/authorized_keys",
          try secrets.publicKey(.operator) + "\n" + admitted.joined(), mode: 0o600),
        .directory("/etc/lab-scheduler"),
        .file(
          "/etc/lab-scheduler/write-load.json", try LabDatabaseAccess(lab: lab).writeLoadFile()),
        .file(
          LabDatabaseAccess.passwordFile, try secrets.password(.scheduler) + "\n", mode: 0o600),
        .file(LabDatabaseAccess.certificateAuthority, try secrets.certificateAuthority()),
      ]
  }

  private var sshConfig: String {
    let hosts = lab.machines.map {
      """
      Host \($0.name)
        HostName \($0.address)

      """
    }
    return hosts.joined() + """
      Host *
        User lifeboat
        IdentityFile \(Self.key)
        IdentitiesOnly yes
        UserKnownHostsFile \(Self.knownHosts)
        StrictHostKeyChecking yes
        ConnectTimeout 10

      """
  }
}
