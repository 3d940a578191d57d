import Foundation
import Glibc

/// What can happen to one machine.
enum MachineDisaster: Sendable {
  case powerCut
  case powerOff
  case hang
  case linkDown
  case databaseKilled
  case diskFull
  case slowDisk(milliseconds: Int64)
}

/// Strikes machines.
struct MachineStriker: Sendable {
  let lab: MachineLab

  /// Strikes all of them side by side.
  func strike(_ machines: [Machine], _ disaster: MachineDisaster) throws {
    try remember(machines, disaster)
    try Together.run(machines.map { machine in { try strike(machine, disaster) } })
  }

  private func strike(_ machine: Machine, _ disaster: MachineDisaster) throws {
    let running = RunningMachine(machine: machine, lab: lab)
    switch disaster {
    case .powerCut: try cutPower(running)
    case .powerOff: try powerOff(running)
    case .hang: try hang(running)
    case .linkDown: break  // a fault of the network, in force already
    case .databaseKilled: try killDatabase(running)
    case .diskFull: try DatabaseDisk(running).fill()
    case .slowDisk(let milliseconds): try DatabaseDisk(running).slowDown(milliseconds)
    }
  }

  private func remember(_ machines: [Machine], _ disaster: MachineDisaster) throws {
    var faults = try LabFaults.read(lab)
    switch disaster {
    case .linkDown:
      faults.linksDown.formUnion(machines.map(\.name))
      try Router.apply(faults, of: lab)
    case .databaseKilled, .diskFull:
      faults.databasesStruck.formUnion(machines.map(\.name))
      try faults.write(lab)
    case .powerCut, .powerOff, .hang, .slowDisk: break
    }
  }

  /// The network goes first: a machine without power takes leave of nobody.
  private func cutPower(_ machine: RunningMachine) throws {
    guard let process = try machine.firstProcess() else { return }
    try machine.runInNetwork(["ip", "link", "set", "eth0", "down"])
    try process.send(SIGKILL)
    // A killed process of a machine that hangs ends when it is let go on.
    try lab.cgroups.setFrozen(machine.machine.name, false)
    try waitUntilDown(machine)
  }

  private func powerOff(_ machine: RunningMachine) throws {
    guard try machine.firstProcess() != nil else { return }
    // The machine may be gone before its answer is out.
    _ = try Tool.result(try machine.entrance() + ["systemctl", "poweroff", "--no-block"])
    try waitUntilDown(machine)
  }

  private func waitUntilDown(_ machine: RunningMachine) throws {
    try Wait.until("the end of \(machine.machine.name)", within: 120_000) {
      try machine.firstProcess() == nil
    }
  }

  private func hang(_ machine: RunningMachine) throws {
    _ = try machine.requireFirstProcess()
    try lab.cgroups.setFrozen(machine.machine.name, true)
  }

  private func killDatabase(_ machine: RunningMachine) throws {
    try requireDatabase(machine.machine)
    let unit = lab.settings.database.server.unit
    try machine.run(["systemctl", "kill", "--signal=KILL", unit])
  }

  private func requireDatabase(_ machine: Machine) throws {
    guard machine.role == .database else {
      throw LabError(.refused, "machine \(machine.name): has no database")
    }
  }
}
