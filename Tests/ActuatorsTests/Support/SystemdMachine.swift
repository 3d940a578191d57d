import Foundation
import Runbook
import Subprocess
import SystemPackage
import TestSupport
import Testing

@testable import Actuators

/// A small machine that was booted with systemd, for one test: the lab's base image, with its changes in memory.
struct SystemdMachine: Sendable {
  /// The first process of the machine, as this one sees it.
  let pid: pid_t

  /// `units` are files below `/usr/lib/systemd/system`, where a unit can be masked, by name.
  static func with(
    units: [String: String], _ body: @Sendable (SystemdMachine) async throws -> Void
  ) async throws {
    let image = try await image()
    try await withDirectory { directory in
      let result: Result<Void, any Error>
      do {
        try await prepare(directory, image: image, units: units)
        result = .success(try await boot(directory, body))
      } catch { result = .failure(error) }
      try await shell("sh", "-c", cleanUp, "sh", directory, name(of: directory))
      try result.get()
    }
  }

  private static func image() async throws -> String {
    let output = try await shell(TestLab.program, "lab", "image")
    return try #require(output.split(separator: "\n").last.map(String.init))
  }

  private static func name(of directory: String) -> String {
    "lifeboat-" + directory.suffix(12).lowercased()
  }

  private static func prepare(
    _ directory: String, image: String, units: [String: String]
  ) async throws {
    let script = """
      set -e
      mount -t tmpfs -o mode=0755 lifeboat-test "$1"
      mkdir "$1/up" "$1/work" "$1/root"
      mount -t overlay lifeboat-test -o "lowerdir=$2,upperdir=$1/up,workdir=$1/work" "$1/root"
      for h in unified systemd; do
        if [ -d /sys/fs/cgroup/$h ]; then mkdir "/sys/fs/cgroup/$h/$3"; fi
      done
      """
    try await shell("sh", "-c", script, "sh", directory, image, name(of: directory))
    for (name, text) in units {
      try text.write(
        toFile: "\(directory)/root/usr/lib/systemd/system/\(name)", atomically: false,
        encoding: .utf8)
    }
  }

  private static func boot(
    _ directory: String, _ body: @Sendable (SystemdMachine) async throws -> Void
  ) async throws {
    let script = """
      for h in unified systemd; do
        if [ -d "/sys/fs/cgroup/$h/$2" ]; then echo $$ > "/sys/fs/cgroup/$h/$2/cgroup.procs"; fi
      done
      export SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1
      set -- --boot --directory="$1/root" --machine="$2" --register=no --keep-unit \
        --private-network --resolv-conf=off --timezone=off --link-journal=no --console=read-only
      exec systemd-nspawn --quiet "$@" systemd.show_status=0
      """
    _ = try await Subprocess.run(
      .name("sh"), arguments: ["-c", script, "sh", directory, name(of: directory)],
      input: .none, output: .discarded, error: .discarded
    ) { execution in
      let nspawn = execution.processIdentifier.value
      let result: Result<Void, any Error>
      do {
        var leader: pid_t?
        try await eventually("the machine's first process") {
          leader = Processes.descendants(of: nspawn).first { Processes.name($0) == "systemd" }
          return leader != nil
        }
        let machine = SystemdMachine(pid: try #require(leader))
        try await machine.becomesReady()
        result = .success(try await body(machine))
      } catch { result = .failure(error) }
      for pid in Processes.descendants(of: nspawn) + [nspawn] { kill(pid, SIGKILL) }
      try result.get()
    }
  }

  private static let cleanUp = """
    for h in unified systemd; do
      if [ -d "/sys/fs/cgroup/$h/$2" ]; then
        until find "/sys/fs/cgroup/$h/$2" -depth -type d -exec rmdir {} + 2>/dev/null
        do sleep 0.1; done
      fi
    done
    umount "$1/root"; umount "$1"
    """

  private func becomesReady() async throws {
    try await eventually("systemd is up") {
      let state = try? await run(["systemctl", "is-system-running"])
      return ["running", "degraded"].contains(
        state?.standardOutput.trimmingCharacters(in: .whitespacesAndNewlines))
    }
  }

  // MARK: - Asking it

  func host(services: [String]) -> Host {
    Host(
      site: "dr", name: "machine",
      connection: .exec(through: ["nsenter", "--target", "\(pid)", "--all", "--"]),
      serviceManager: .systemd, services: services)
  }

  @discardableResult
  func run(_ arguments: [String]) async throws -> CommandResult {
    try await world.makeOperator(token: "t").run(Command(arguments), on: host(services: []))
  }

  /// What `systemctl show` says of a unit's property.
  func property(_ name: String, of unit: String) async throws -> String {
    try await run(["systemctl", "show", "--value", "--property=\(name)", "--", unit])
      .standardOutput.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
