import Foundation

/// Takes a lab of machines down, in whatever state it is.
struct MachineLabRemover {
  let lab: MachineLab

  /// Namespaces, mounts and network go with the processes that live in them; what is left then
  /// are empty control groups and files.
  func remove() throws {
    try lab.cgroups.killAll()
    try releaseDisks()
    try lab.cgroups.remove()
    try refuseMounts()
    for name in try File.names(in: lab.root) where !Self.last.contains(name) {
      try removeTree("\(lab.root)/\(name)")
    }
    // The marker goes last: what is cut off before can be done again.
    for name in Self.last { try File.remove("\(lab.root)/\(name)") }
    if lab.settings.madeDirectory { try File.remove(lab.root) }
  }

  private static let last = ["lab.lock", "machines.json"]

  /// A loop device is freed when its file system goes, unless the command that made it was cut
  /// off in between.
  private func releaseDisks() throws {
    for machine in lab.machines {
      let disk = lab.place(machine).disk
      guard File.exists(disk) else { continue }
      try Wait.until("the release of \(disk)", within: 10_000) {
        let devices = try Tool.run([
          "losetup", "--noheadings", "--output=NAME", "--associated", disk,
        ])
        for device in devices.split(separator: "\n") {
          // It fails when the kernel has just freed it; the next look tells.
          _ = try Tool.result(["losetup", "--detach", String(device)])
        }
        return devices.isEmpty
      }
    }
  }

  /// Removing files below something mounted would remove somebody else's.
  private func refuseMounts() throws {
    if let mount = try MountTable.own().first(where: { $0.point.hasPrefix("\(lab.root)/") }) {
      throw LabError(
        .refused, "\(mount.point): something is mounted there, not by the lab; unmount it")
    }
  }

  private func removeTree(_ path: String) throws {
    try Tool.run(["rm", "-rf", "--one-file-system", path])
  }
}
