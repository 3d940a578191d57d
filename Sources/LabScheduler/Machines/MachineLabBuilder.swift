import Foundation
import Glibc

/// Makes a lab of machines, from nothing to replication that runs.
struct MachineLabBuilder {
  let lab: MachineLab

  /// Generous: it only has to end a wait for a machine that will never boot.
  private static let bootTimeout: Int64 = 120_000

  func build() throws {
    let before = try LabCgroups.current()
    // What this command starts belongs to the lab, so that `down` finds it if this is cut off.
    try lab.cgroups.enterKeepers()
    try LabSecrets(lab: lab).create()
    try File.replace(lab.sitesFile, with: Data(MachineSitesFile(lab: lab).yaml.utf8))
    try SecretDirectory.create(lab.operatorStateDirectory)
    for machine in lab.machines { try createPlace(of: machine) }
    try Router.start(lab)
    let supervisors = try lab.machines.map { ($0, try MachineSupervisor.start($0, lab)) }
    try Together.run(
      supervisors.map { machine, pid in { try waitUntilSupervised(machine, pid) } })
    let server = lab.settings.database.server
    try Together.run(
      [{ try server.setUp(lab) }]
        + lab.machines.map { machine in
          let running = RunningMachine(machine: machine, lab: lab)
          return { try running.waitUntilBooted(within: Self.bootTimeout) }
        })
    try startScheduler()
    if lab.settings.asksPermit {
      try Together.run(
        lab.machines.map { machine in { try PermitContent.require(at: machine, lab) } })
    }
    try File.replace(lab.completeMark, with: Data())
    try LabCgroups.enter(before)
  }

  /// Gives the scheduler its tables, and lets production run it, now and at each boot.
  private func startScheduler() throws {
    let production = RunningMachine(machine: lab.machine(.production, .scheduler), lab: lab)
    try production.run(
      ["lab-scheduler", "schema", "--config", SchedulerContent.configurationFile])
    try production.run(["systemctl", "enable", "--quiet", "--now"] + SchedulerContent.services)
  }

  private func createPlace(of machine: Machine) throws {
    let place = lab.place(machine)
    for directory in [place.upper, place.work, place.root, place.data] {
      try File.createDirectory(directory)
    }
  }

  private func waitUntilSupervised(_ machine: Machine, _ pid: pid_t) throws {
    let running = RunningMachine(machine: machine, lab: lab)
    let log = lab.place(machine).log
    try Wait.until("\(machine.name)'s supervisor; \(log) tells of it", within: 60_000) {
      guard waitpid(pid, nil, WNOHANG) == 0 else {
        throw LabError(.failed, "machine \(machine.name): ended at its start; \(log) says why")
      }
      return try running.supervisor() != nil
    }
  }
}

extension RunningMachine {
  /// Waits until all that starts at boot has been started, or has failed.
  func waitUntilBooted(within timeout: Int64) throws {
    try Wait.until(
      "\(machine.name) to boot; \(lab.place(machine).log) tells of it", within: timeout, every: 50
    ) {
      guard try firstProcess() != nil else { return false }
      let result = try Tool.result(
        try entrance() + ["systemctl", "is-system-running", "--wait"], timeout: timeout)
      return ["running", "degraded"].contains(result.text)
    }
  }
}
