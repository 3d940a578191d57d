import CPlatform
import Foundation
import Glibc

/// The namespaces of an isolated host: a network without interfaces but an own loopback, and a view of the files in which all
/// but the host's directory is read-only. Its services have them from it.
enum Isolation {
  /// Isolates the calling process, which must have one thread. Without root's rights it needs a user namespace too.
  static func enter(keeping directory: String) throws {
    let parts = PLATFORM_NEW_NETWORK | PLATFORM_NEW_MOUNTS
    if geteuid() == 0 {
      try check(unshare(parts), "unshare", directory)
    } else {
      let (user, group) = (geteuid(), getegid())
      try check(unshare(parts | PLATFORM_NEW_USER), "unshare", directory)
      try write("deny", to: "/proc/self/setgroups")
      try write("\(user) \(user) 1", to: "/proc/self/uid_map")
      try write("\(group) \(group) 1", to: "/proc/self/gid_map")
    }
    try check(mount(nil, "/", nil, UInt(MS_REC | MS_PRIVATE), nil), "mount", "/")
    try check(mount(directory, directory, nil, UInt(MS_BIND), nil), "mount", directory)
    try check(platform_set_read_only("/", 1, 1), "mount_setattr", "/")
    try check(platform_set_read_only(directory, 0, 0), "mount_setattr", directory)
  }

  /// Takes the calling process, which must have one thread, into the namespaces of another.
  static func join(process pid: Int32) throws {
    let process = platform_open_process(pid)
    guard process >= 0 else { throw LabError.systemCall("pidfd_open", on: "process \(pid)") }
    defer { close(process) }
    let isOtherUser = try namespace("user", of: "\(pid)") != namespace("user", of: "self")
    let parts =
      PLATFORM_NEW_NETWORK | PLATFORM_NEW_MOUNTS | (isOtherUser ? PLATFORM_NEW_USER : 0)
    try check(setns(process, parts), "setns", "process \(pid)")
  }

  private static func namespace(_ kind: String, of process: String) throws -> String {
    try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/\(kind)")
  }

  private static func check(_ result: Int32, _ call: String, _ object: String) throws {
    guard result == 0 else { throw LabError.systemCall(call, on: object) }
  }

  /// In one call, as the kernel demands of these files.
  private static func write(_ text: String, to file: String) throws {
    let descriptor = open(file, O_WRONLY)
    guard descriptor >= 0 else { throw LabError.systemCall("open", on: file) }
    defer { close(descriptor) }
    guard Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count else {
      throw LabError.systemCall("write", on: file)
    }
  }
}
