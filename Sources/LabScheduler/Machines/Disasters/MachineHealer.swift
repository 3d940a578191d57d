import Foundation
import Glibc

/// Ends disasters, and boots what is down.
struct MachineHealer: Sendable {
  let lab: MachineLab

  private static let bootTimeout: Int64 = 120_000

  /// Ends what is wrong with these machines.
  func heal(_ machines: [Machine]) throws {
    var faults = try LabFaults.read(lab)
    let struck = machines.filter { faults.databasesStruck.contains($0.name) }
    faults.linksDown.subtract(machines.map(\.name))
    try Router.apply(faults, of: lab)
    try Together.run(machines.map { machine in { try heal(machine) } })
    for machine in struck { try startDatabase(machine) }
    faults.databasesStruck.subtract(struck.map(\.name))
    try faults.write(lab)
  }

  /// Ends what is wrong with the network between any of these ends, or all of it.
  func healNetwork(between ends: [String]?) throws {
    var faults = try LabFaults.read(lab)
    faults.network = faults.network.filter { fault in
      guard let ends else { return false }
      return
        !(ends.contains(fault.from) && (ends.count == 1 || ends.contains(fault.to))
        || ends.contains(fault.to) && ends.count == 1)
    }
    try Router.apply(faults, of: lab)
  }

  private func heal(_ machine: Machine) throws {
    let running = RunningMachine(machine: machine, lab: lab)
    if machine.role == .database {
      let disk = try DatabaseDisk(running)
      try disk.free()
      try disk.speedUp()
    }
    if try running.state() == .hung { try lab.cgroups.setFrozen(machine.name, false) }
    try boot(running)
  }

  private func boot(_ machine: RunningMachine) throws {
    guard try machine.firstProcess() == nil else { return }
    let supervisor = try machine.requireSupervisor()
    try Wait.until("\(machine.machine.name) to start", within: 20_000, every: 50) {
      // It may still have been busy with the machine's end: ask until the machine runs.
      guard try machine.firstProcess() == nil else { return true }
      try supervisor.send(MachineSupervisor.boot)
      return false
    }
    try machine.waitUntilBooted(within: Self.bootTimeout)
  }

  private func startDatabase(_ machine: Machine) throws {
    let running = RunningMachine(machine: machine, lab: lab)
    let unit = lab.settings.database.server.unit
    // A fenced database may be disabled: what a runbook has switched off stays off.
    guard try Tool.result(try running.entrance() + ["systemctl", "is-enabled", unit]).status == 0
    else { return }
    try running.run(["systemctl", "restart", unit], timeout: 120_000)
  }
}
