import Foundation
import Glibc

/// What a lab of machines needs of the machine that it runs on.
enum HostPackages {
  private static let programs: [(program: String, package: String)] = [
    ("/usr/bin/systemd-nspawn", "systemd-container"), ("/usr/bin/mmdebstrap", "mmdebstrap"),
    ("/usr/sbin/nft", "nftables"), ("/usr/sbin/ip", "iproute2"),
    ("/usr/bin/openssl", "openssl"), ("/usr/bin/ssh-keygen", "openssh-client"),
    ("/usr/sbin/mkfs.ext4", "e2fsprogs"), ("/usr/bin/nsenter", "util-linux"),
    ("/usr/bin/mount", "mount"),
  ]

  /// Why a lab of machines cannot run here; nil when it can.
  static func obstacle() -> String? {
    guard geteuid() == 0 else { return "it makes namespaces and mounts: only root can run it" }
    let missing = Set(programs.filter { access($0.program, X_OK) != 0 }.map(\.package))
    guard missing.isEmpty else {
      return
        "Debian packages are missing: apt-get install \(missing.sorted().joined(separator: " "))"
    }
    for device in ["/dev/fuse", "/dev/net/tun", "/dev/loop-control"] where !File.exists(device) {
      return "the kernel offers no \(device)"
    }
    return nil
  }

  static func require() throws {
    if let obstacle = obstacle() {
      throw LabError(.dependency, "a lab of machines cannot run here: \(obstacle)")
    }
  }
}
