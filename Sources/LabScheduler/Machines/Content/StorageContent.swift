/// The machine that keeps the schedulers' shared logs, and serves them by sftp.
struct StorageContent {
  let lab: MachineLab

  /// Where the logs are, on this machine and on the schedulers.
  static let logs = "/srv/lab-logs"

  func entries() throws -> [ContentEntry] {
    let secrets = LabSecrets(lab: lab)
    let keys = try [secrets.publicKey(.operator), secrets.publicKey(.logs)]
    return [
      .directory(Self.logs, owner: "lifeboat"),
      .file(
        "/home/lifeboat/.ssh/authorized_keys", keys.map { $0 + "\n" }.joined(),
        owner: "lifeboat", mode: 0o600),
    ]
  }
}
