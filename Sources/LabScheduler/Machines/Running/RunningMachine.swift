import Foundation
import Glibc

/// A machine as it is now, found in `/proc` and the control groups.
struct RunningMachine {
  enum State: String, Codable {
    case up
    case down
    case hung
  }

  let machine: Machine
  let lab: MachineLab

  private var place: MachinePlace { lab.place(machine) }

  /// The process that holds the machine's network, its disk and its power switch.
  func supervisor() throws -> ProcessIdentity? {
    guard File.exists(place.supervisorFile) else { return nil }
    let recorded = try JSON.read(ProcessIdentity.self, file: place.supervisorFile)
    return recorded.condition == .gone ? nil : recorded
  }

  func requireSupervisor() throws -> ProcessIdentity {
    guard let supervisor = try supervisor() else {
      throw LabError(
        .unreachable,
        "machine \(machine.name): its supervisor is gone; `lab down` and `lab up` make a new lab")
    }
    return supervisor
  }

  /// The machine's own process 1; nil when it has no power.
  func firstProcess() throws -> ProcessIdentity? {
    guard let supervisor = try supervisor() else { return nil }
    return Self.children(of: supervisor.pid).flatMap(Self.children)
      .first(where: Self.isFirstInItsNamespace).flatMap(ProcessIdentity.init)
  }

  func requireFirstProcess() throws -> ProcessIdentity {
    guard let process = try firstProcess() else {
      throw LabError(.unreachable, "machine \(machine.name): is down; `lab heal` boots it")
    }
    return process
  }

  func state() throws -> State {
    guard try firstProcess() != nil else { return .down }
    return try lab.cgroups.isFrozen(machine.name) ? .hung : .up
  }

  /// The arguments before a program's name that let it run inside the machine.
  func entrance() throws -> [String] {
    let process = try requireFirstProcess()
    return [
      "/usr/bin/nsenter", "--target", "\(process.pid)", "--mount", "--uts", "--ipc", "--net",
      "--pid", "--", "/usr/bin/env", "-i",
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
      "HOME=/root", "USER=root", "LIFEBOAT_HOME=\(OperatorContent.home)",
    ]
  }

  /// Runs a program inside the machine to its end.
  @discardableResult
  func run(_ program: [String], input: String = "", timeout: Int64 = 60_000) throws -> String {
    let result = try Tool.result(try entrance() + program, input: input, timeout: timeout)
    guard result.status == 0 else {
      throw LabError(
        .failed,
        "machine \(machine.name): `\(program.joined(separator: " "))` ended with status "
          + "\(result.status): \(result.errors.suffix(2000))")
    }
    return result.text
  }

  /// A unit's state in systemd's word, as `active` or `failed`.
  func state(ofUnit unit: String) throws -> String {
    try run(["systemctl", "show", "--property=ActiveState", "--value", unit])
  }

  /// Whether a program inside the machine ends well; it doesn't in a machine that is down.
  func succeeds(_ program: [String]) throws -> Bool {
    guard try firstProcess() != nil else { return false }
    return try Tool.result(try entrance() + program).status == 0
  }

  /// Runs a program in the machine's network, whether the machine is up or not.
  @discardableResult
  func runInNetwork(_ program: [String]) throws -> String {
    let supervisor = try requireSupervisor()
    return try Tool.run(["/usr/bin/nsenter", "--target", "\(supervisor.pid)", "--net"] + program)
  }

  /// A file as the supervisor sees it, who alone has the machine's disk mounted.
  func path(atSupervisor path: String) throws -> String {
    "/proc/\(try requireSupervisor().pid)/root\(path)"
  }

  private static func children(of pid: Int32) -> [Int32] {
    guard let data = try? File.read("/proc/\(pid)/task/\(pid)/children") else { return [] }
    return String(decoding: data, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
  }

  private static func isFirstInItsNamespace(_ pid: Int32) -> Bool {
    guard let data = try? File.read("/proc/\(pid)/status") else { return false }
    let line = String(decoding: data, as: UTF8.self).split(separator: "\n")
      .first { $0.hasPrefix("NSpid:") }
    guard let numbers = line?.split(whereSeparator: \.isWhitespace), numbers.count > 2 else {
      return false
    }
    return numbers.last == "1"
  }
}
