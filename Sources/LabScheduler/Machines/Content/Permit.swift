/// Asking the operator's machine whether a site may run. The question goes through ssh with a key
/// that can ask this one thing.
struct PermitContent {
  let site: SiteName
  let lab: MachineLab

  static let sshConfig = "/etc/lifeboat/permit_ssh_config"
  private static let key = "/etc/lifeboat/permit_key"

  /// The question, as a unit's condition asks it.
  var question: String { "/usr/local/bin/lifeboat permit --site \(site) --ask operator" }

  /// What a machine needs to ask.
  func askerEntries() throws -> [ContentEntry] {
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
      + "--site \(site) --sites \(OperatorContent.sitesFile)"
    let key = try LabSecrets(lab: lab).publicKey(.permit(site))
    return "command=\"\(command)\",restrict \(key)\n"
  }

  /// A drop-in that lets a unit start only with a permit.
  func dropIn(_ unit: String) -> ContentEntry {
    .file(
      "/etc/systemd/system/\(unit).service.d/permit.conf", "[Service]\nExecCondition=\(question)\n")
  }
}
