import Foundation

/// Limits of the kernel that all machines on it share, as they share their accounts' numbers.
enum KernelLimits {
  private static let inotifyInstances = "/proc/sys/fs/inotify/max_user_instances"
  /// A machine's systemd takes about five; the usual limit of 128 ends at some 25 machines.
  private static let needed = 4096

  /// Raises what is too low for some labs at once. It stays so until the next boot: other labs
  /// may have come to rely on it.
  static func raise(telling tell: (String) -> Void) throws {
    let text = String(decoding: try File.read(inotifyInstances), as: UTF8.self)
    let limit = Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    guard let limit, limit < needed else { return }
    try LabCgroups.write("\(needed)", to: inotifyInstances)
    tell(
      "Raised fs.inotify.max_user_instances from \(limit) to \(needed): each machine needs some.")
  }
}
