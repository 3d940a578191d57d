import Foundation
import Glibc

/// Ends disasters, and boots what is down.
struct MachineHealer: Sendable {
  let lab: MachineLab

  private static let bootTimeout: Int64 = 120_000

  /// Ends what is wrong with these machines. Those outside the sites go first: the others ask them.
  func heal(_ machines: [Machine]) throws {
    var faults = try LabFaults.read(lab)
    let struck = machines.filter { faults.databasesStruck.contains($0.name) }
    faults.linksDown.subtract(machines.map(\.name))
    try Router.apply(faults, of: lab)
    for group in [machines.filter { $0.site == nil }, machines.filter { $0.site != nil }] {
      try Together.run(group.map { machine in { try heal(machine) } })
    }
    for machine in struck { try startDatabase(machine) }
    faults.databasesStruck.subtract(struck.map(\.name))
    try faults.write(lab)
  }

  /// Ends what is wrong with the network: of one target, between two, or all of it.
  func healNetwork(of targets: [LabTarget]) throws {
    var faults = try LabFaults.read(lab)
    faults.network = faults.network.filter { fault in
      !targets.allSatisfy { $0.ends.contains(fault.from) || $0.ends.contains(fault.to) }
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
