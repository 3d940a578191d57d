import Foundation
import Glibc

/// The control groups of a lab. All of a lab's processes are below one group, so one write ends
/// them all, those that hang and those that nobody knows of among them.
struct LabCgroups: Sendable {
  let lab: String

  private var name: String { "lifeboat-lab-\(lab)" }

  /// What runs the lab, beside its machines.
  private static let keepers = "keepers"

  /// Where the hierarchy of control groups, version 2, is mounted.
  static func unifiedHierarchy() throws -> String {
    guard let mount = try MountTable.own().first(where: { $0.type == "cgroup2" }) else {
      throw LabError(.failed, "/proc/self/mountinfo: has no file system of type cgroup2; mount one")
    }
    return mount.point
  }

  /// The hierarchies in which each machine needs a group of its own, or the machines would end
  /// each other's services: the unified one, and systemd's own where there is one.
  private func hierarchies() throws -> [String] {
    let named = "\(NSString(string: try Self.unifiedHierarchy()).deletingLastPathComponent)/systemd"
    let isNamed = try MountTable.own().contains { $0.point == named && $0.type == "cgroup" }
    return [try Self.unifiedHierarchy()] + (isNamed ? [named] : [])
  }

  private func group(_ machine: String) throws -> String {
    "\(try Self.unifiedHierarchy())/\(name)/\(machine)"
  }

  /// Moves the calling process, and with it what it starts from now on, to the keepers.
  func enterKeepers() throws { try enter(Self.keepers) }

  /// Moves the calling process to a machine's group.
  func enter(_ machine: String) throws {
    for hierarchy in try hierarchies() {
      let directory = "\(hierarchy)/\(name)/\(machine)"
      try File.createDirectory(directory)
      try Self.write("\(getpid())", to: "\(directory)/cgroup.procs")
    }
  }

  /// The calling process's groups, to return to.
  static func current() throws -> [String] {
    let text = String(decoding: try File.read("/proc/self/cgroup"), as: UTF8.self)
    let unified = try unifiedHierarchy()
    let parent = NSString(string: unified).deletingLastPathComponent
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      switch fields[1] {
      case "": return "\(unified)\(fields[2])"
      case "name=systemd": return "\(parent)/systemd\(fields[2])"
      default: return nil
      }
    }
  }

  static func enter(_ groups: [String]) throws {
    for group in groups { try write("\(getpid())", to: "\(group)/cgroup.procs") }
  }

  /// Lets all of a machine stop in its tracks, or go on.
  func setFrozen(_ machine: String, _ isFrozen: Bool) throws {
    try Self.write(isFrozen ? "1" : "0", to: "\(try group(machine))/cgroup.freeze")
    try Wait.until("\(machine): \(isFrozen ? "hang" : "go on")", within: 10_000) {
      try self.isFrozen(machine) == isFrozen
    }
  }

  func isFrozen(_ machine: String) throws -> Bool {
    try events(of: try group(machine)).contains("frozen 1")
  }

  /// Ends every process of the lab, and waits until they are gone.
  func killAll() throws {
    let top = "\(try Self.unifiedHierarchy())/\(name)"
    guard File.exists(top) else { return }
    try Self.write("1", to: "\(top)/cgroup.kill")
    try Wait.until("the end of the processes in \(top)", within: 20_000) {
      try !events(of: top).contains("populated 1") && !hasDyingProcess()
    }
  }

  /// A machine's first process leaves its group a moment before it has let go of all else.
  private func hasDyingProcess() throws -> Bool {
    try File.names(in: "/proc").compactMap { Int32($0) }.contains { pid in
      guard let groups = try? File.read("/proc/\(pid)/cgroup"),
        String(decoding: groups, as: UTF8.self).contains("/\(name)/")
      else { return false }
      return ProcessIdentity(pid: pid).map { $0.condition != .gone } ?? false
    }
  }

  /// Removes what is left of a machine's earlier boot.
  func clear(_ machine: String) throws {
    for hierarchy in try hierarchies() {
      try Self.remove("\(hierarchy)/\(name)/\(machine)")
    }
  }

  /// Removes the empty groups.
  func remove() throws {
    for hierarchy in try hierarchies() { try Self.remove("\(hierarchy)/\(name)") }
  }

  private func events(of group: String) throws -> [String] {
    guard let data = try File.readIfPresent("\(group)/cgroup.events") else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private static func remove(_ group: String) throws {
    guard File.exists(group) else { return }
    for child in try File.names(in: group) where isDirectory("\(group)/\(child)") {
      try remove("\(group)/\(child)")
    }
    // The kernel needs a moment after the last process has gone.
    try Wait.until("an empty \(group)", within: 10_000) {
      if rmdir(group) == 0 || errno == ENOENT { return true }
      guard errno == EBUSY else { throw LabError.systemCall("rmdir", on: group) }
      return false
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// The files of control groups take one write each, and no replacement.
  static func write(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { throw LabError.systemCall("open", on: path) }
    defer { close(file) }
    guard Glibc.write(file, text, text.utf8.count) == text.utf8.count else {
      throw LabError.systemCall("write", on: path)
    }
  }
}

/// Waiting for what others do, where there is nothing to wait on but time.
enum Wait {
  static func until(
    _ what: String, within timeout: Int64, every pause: Int32 = 5, _ isSo: () throws -> Bool
  ) throws {
    let deadline = Clock.uptimeMilliseconds + timeout
    while try !isSo() {
      guard Clock.uptimeMilliseconds < deadline else {
        throw LabError(.timedOut, "waited \(timeout / 1000) s in vain for \(what)")
      }
      poll(nil, 0, pause)
    }
  }
}
