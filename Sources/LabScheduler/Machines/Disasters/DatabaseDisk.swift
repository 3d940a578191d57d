import Foundation
import Glibc

/// The disk of a database machine: a file system of its own, in a file, on a loop device. So it
/// can be full while the others are not, and the kernel can limit its writes.
struct DatabaseDisk {
  private let machine: RunningMachine
  private let place: MachinePlace

  init(_ machine: RunningMachine) throws {
    guard machine.machine.role == .database else {
      throw LabError(.refused, "machine \(machine.machine.name): has no disk of its own")
    }
    self.machine = machine
    place = machine.lab.place(machine.machine)
  }

  /// Takes every free block.
  func fill() throws {
    let path = try machine.path(atSupervisor: place.filler)
    let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw LabError.systemCall("open", on: place.filler) }
    defer { close(file) }
    // What is left after the big piece is taken in ever smaller ones; it has to be seen full.
    var size: off_t = 0
    for piece in [1 << 24, 1 << 20, 1 << 16, 1 << 12] {
      var result: Int32 = 0
      while result == 0 {
        result = posix_fallocate(file, size, off_t(piece))
        if result == 0 { size += off_t(piece) }
      }
      guard result == ENOSPC else {
        throw LabError(.failed, "\(place.filler): fallocate: \(String(cString: strerror(result)))")
      }
    }
  }

  func isFull() throws -> Bool {
    File.exists(try machine.path(atSupervisor: place.filler))
  }

  func free() throws {
    try File.remove(try machine.path(atSupervisor: place.filler))
  }

  /// Lets the kernel admit so few writes a second that each takes at least so long. Writes that
  /// are synchronised, as a database's are, then wait for their turn.
  func slowDown(_ milliseconds: Int64) throws {
    try limit(writesPerSecond: max(1, 1000 / milliseconds))
  }

  func isSlow() throws -> Bool {
    guard let device = try device() else { return false }
    let limits = String(decoding: try File.read(try Self.throttle()), as: UTF8.self)
    return limits.split(separator: "\n").contains { $0.hasPrefix("\(device) ") }
  }

  func speedUp() throws {
    if try isSlow() { try limit(writesPerSecond: 0) }
  }

  private func limit(writesPerSecond: Int64) throws {
    guard let device = try device() else {
      throw LabError(.failed, "machine \(machine.machine.name): its disk is not mounted")
    }
    try LabCgroups.write("\(device) \(writesPerSecond)", to: try Self.throttle())
  }

  /// Version 1 of the controller: it alone can limit a device for everybody.
  private static func throttle() throws -> String {
    let mount = try MountTable.own().first { $0.type == "cgroup" && $0.point.hasSuffix("/blkio") }
    let file = mount.map { "\($0.point)/blkio.throttle.write_iops_device" } ?? ""
    guard File.exists(file) else {
      throw LabError(
        .dependency, "the kernel's blkio controller, version 1, is not mounted: no slow disks here")
    }
    return file
  }

  /// Its device, as `7:0`; only its supervisor has it mounted.
  private func device() throws -> String? {
    let supervisor = try machine.requireSupervisor()
    return try MountTable.of(process: "\(supervisor.pid)").first { $0.point == place.data }?.device
  }
}
