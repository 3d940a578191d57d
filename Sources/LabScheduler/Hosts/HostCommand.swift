import ArgumentParser
import Foundation
import Glibc

struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host",
    abstract:
      "Run a host of the lab in the foreground. SIGTERM shuts it down, SIGKILL is a power cut."
  )

  @Argument(help: "The host's directory.")
  var directory: String

  /// For `lab up`, which this process outlives.
  @Flag(help: .hidden)
  var detached = false

  func run() throws {
    let host = HostDirectory(directory)
    if detached {
      try ProcessSpawner.closeInheritedDescriptors()
      guard setsid() >= 0 else { throw LabError.systemCall("setsid", on: host.path) }
    }
    if try host.configuration().isIsolated == true { isolate(host) }
    guard FileManager.default.changeCurrentDirectoryPath(host.path) else {
      throw LabError.systemCall("chdir", on: host.path)
    }
    guard let lock = try FileLock(path: host.lockFile) else {
      throw LabError(.refused, "host \(host.path): is up already")
    }
    try withExtendedLifetime(lock) { try HostDaemon(host).run() }
  }

  /// Where the kernel refuses, the host is up all the same: whoever wants it isolated has to look whether it is.
  private func isolate(_ host: HostDirectory) {
    do {
      try Isolation.enter(keeping: host.path)
    } catch {
      Terminal.log("host", "NOT isolated: \((error as? LabError)?.line ?? "\(error)")")
    }
  }
}
