import Foundation
import Glibc

/// The file system that all machines share, read-only: a Debian with all that any of them runs.
/// It is made once, and found again by the digest of how it is made.
struct BaseImage {
  /// Packages beside those that every lab needs.
  let extraPackages: [String]

  static let cache = "/var/cache/lifeboat-lab"
  private static let suite = "bookworm"
  /// Raise it when `finish` changes.
  private static let recipe = 2

  private static let packages = [
    "systemd", "systemd-sysv", "dbus", "openssh-server", "openssh-client", "openssh-sftp-server",
    "postgresql-15", "mariadb-server", "mariadb-backup", "sshfs", "fuse3", "sudo", "iproute2",
    "iputils-ping", "procps", "python3-minimal", "libsqlite3-0", "libyaml-0-2", "libcurl4",
    "libssl3", "unixodbc", "odbc-postgresql", "odbc-mariadb", "tdsodbc", "nftables",
    "ca-certificates", "util-linux", "less", "libxml2",
  ]

  /// Services that a machine of the lab has no use for, and that would slow its boot.
  private static let masked = [
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "fstrim.timer", "getty@tty1.service", "console-getty.service",
    "systemd-networkd.service", "systemd-resolved.service",
    "systemd-timesyncd.service", "systemd-pstore.service", "systemd-binfmt.service",
  ]

  private var allPackages: [String] { Set(Self.packages + extraPackages).sorted() }

  func directory() throws -> String {
    let description = ([Self.suite, "\(Self.recipe)"] + allPackages).joined(separator: " ")
    let digest = try SHA256.hexadecimal(Data(description.utf8))
    return "\(Self.cache)/\(digest.prefix(16))"
  }

  /// Makes the image unless it is there, and returns its directory.
  func prepare(telling tell: (String) -> Void) throws -> String {
    let directory = try directory()
    if File.exists(directory) { return directory }
    try File.createDirectory(Self.cache)
    let lock = try waitForLock()
    return try withExtendedLifetime(lock) {
      // Another lab may have made it meanwhile.
      if File.exists(directory) { return directory }
      tell("Making the machines' base image in \(directory); this happens once.")
      try build(directory)
      return directory
    }
  }

  private func waitForLock() throws -> FileLock {
    var lock: FileLock?
    try Wait.until("another command that makes a base image", within: 1_800_000, every: 200) {
      lock = try FileLock(path: "\(Self.cache)/lock")
      return lock != nil
    }
    // The wait ends with a lock or an error.
    return lock!
  }

  /// Makes it aside and puts it in its place whole, so that nobody meets half an image.
  private func build(_ directory: String) throws {
    let aside = "\(directory).building"
    try Tool.run(["rm", "-rf", "--one-file-system", aside])
    try Tool.run(
      [
        "mmdebstrap", "--quiet", "--variant=minbase",
        "--include=\(allPackages.joined(separator: ","))",
        Self.suite, aside,
      ], timeout: 1_800_000)
    try finish(aside)
    try File.rename(aside, to: directory)
  }

  private func finish(_ root: String) throws {
    let chroot = ["chroot", root]
    // The star lets nobody in by a password, and unlike "!" it is no locked account to sshd.
    try Tool.run(
      chroot
        + ["useradd", "--create-home", "--shell", "/bin/bash", "--password", "*", "lifeboat"])
    try Tool.run(chroot + ["systemctl", "mask"] + Self.masked)
    try Tool.run(chroot + ["systemctl", "disable", "postgresql", "mariadb"])
    try Tool.run(chroot + ["systemctl", "set-default", "multi-user.target"])
    for name in try File.names(in: "\(root)/etc/ssh") where name.hasPrefix("ssh_host_") {
      try File.remove("\(root)/etc/ssh/\(name)")
    }
    try File.replace("\(root)/etc/machine-id", with: Data())
  }
}
