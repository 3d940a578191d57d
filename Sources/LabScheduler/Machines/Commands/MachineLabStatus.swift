import Foundation

/// A lab of machines as it is now, found by looking only.
struct MachineLabStatus: Codable, Equatable {
  let directory: String
  /// How many schedulers are in control of their database. More than one: two sites run jobs.
  let schedulersInControl: Int
  /// How many databases accept writes. More than one: the sites drift apart.
  let writableDatabases: Int
  let machines: [Host]
  let network: [String]
  let databases: [Copy]

  struct Host: Codable, Equatable {
    let name: String
    let address: String
    let state: RunningMachine.State
    /// What else is wrong with it.
    let faults: [String]
    /// Of a scheduler; nil elsewhere.
    let isInControl: Bool?
  }

  struct Copy: Codable, Equatable {
    let site: SiteName
    let machine: String
    let copy: LabDatabaseCopy
  }

  init(of lab: MachineLab) throws {
    let faults = try LabFaults.read(lab)
    let databases = try SiteName.allCases.map { site in
      let machine = lab.machine(site, .database)
      return Copy(
        site: site, machine: machine.name,
        copy: try Self.copy(RunningMachine(machine: machine, lab: lab)))
    }
    directory = lab.root
    self.databases = databases
    machines = try lab.machines.map { machine in
      let copy = databases.first { $0.site == machine.site }?.copy
      return try Host(RunningMachine(machine: machine, lab: lab), faults, copy)
    }
    network = faults.network.map(\.description).sorted()
    schedulersInControl = machines.count { $0.isInControl == true }
    writableDatabases = databases.count { $0.copy.acceptsWrites == true }
  }

  private static func copy(_ machine: RunningMachine) throws -> LabDatabaseCopy {
    switch try machine.state() {
    case .down: return LabDatabaseCopy(problem: "the machine is down")
    case .hung: return LabDatabaseCopy(problem: "the machine hangs")
    case .up:
      let server = machine.lab.settings.database.server
      do {
        let unit = try machine.state(ofUnit: server.unit)
        guard unit == "active" else { return LabDatabaseCopy(problem: "\(server.unit) is \(unit)") }
        return try server.copy(at: machine)
      } catch let error as LabError {
        return LabDatabaseCopy(problem: error.message)
      }
    }
  }
}

extension MachineLabStatus.Host {
  init(_ running: RunningMachine, _ faults: LabFaults, _ copy: LabDatabaseCopy?) throws {
    let machine = running.machine
    name = machine.name
    address = machine.address
    state = try running.state()
    var found = faults.linksDown.contains(name) ? ["link down"] : []
    if machine.role == .database, try running.supervisor() != nil {
      let disk = try DatabaseDisk(running)
      if try disk.isFull() { found.append("disk full") }
      if try disk.isSlow() { found.append("disk slow") }
    }
    self.faults = found
    isInControl = machine.role == .scheduler ? try Self.isInControl(running, state, copy) : nil
  }

  private static func isInControl(
    _ running: RunningMachine, _ state: RunningMachine.State, _ copy: LabDatabaseCopy?
  ) throws -> Bool {
    guard state == .up, copy?.acceptsWrites == true else { return false }
    let unit = SchedulerContent.services[0]
    guard try running.succeeds(["systemctl", "is-active", "--quiet", unit]) else { return false }
    let file = "\(running.lab.place(running.machine).root)\(SchedulerContent.guidFile)"
    let guid = try ServerConfig(file: try running.path(atSupervisor: file)).installedGuid
    return copy?.failoverGuids == [guid]
  }
}

extension NetworkFault: CustomStringConvertible {
  var description: String {
    switch kind {
    case .cut: "\(from) to \(to): cut"
    case .loss(let percent): "\(from) to \(to): \(percent) % of the packets lost"
    case .delay(let milliseconds): "\(from) to \(to): \(milliseconds) ms late"
    }
  }
}

/// A lab of machines for people.
struct MachineLabStatusView {
  let status: MachineLabStatus

  var lines: [String] {
    status.machines.map(machine) + status.databases.map(database)
      + status.network.map { "network: \($0)" } + [verdict]
  }

  private func machine(_ host: MachineLabStatus.Host) -> String {
    let name = host.name.padding(toLength: 20, withPad: " ", startingAt: 0)
    let notes =
      [host.state.rawValue] + host.faults + (host.isInControl == true ? ["IN CONTROL"] : [])
    return "\(name) \(host.address)  \(notes.joined(separator: ", "))"
  }

  private func database(_ copy: MachineLabStatus.Copy) -> String {
    let head = "database at \(copy.site): "
    if let problem = copy.copy.problem {
      return head + problem.split(separator: "\n").joined(separator: " ")
    }
    let writes = copy.copy.acceptsWrites == true ? "accepts writes" : "read-only"
    let lag = copy.copy.lagSeconds.map { ["lag \($0) s"] } ?? []
    let guids = copy.copy.failoverGuids.joined(separator: ", ")
    return head
      + ([copy.copy.role ?? "?", writes, "position \(copy.copy.position ?? "?")"] + lag
      + ["Failover: \(guids.isEmpty ? "empty" : guids)"]).joined(separator: ", ")
  }

  private var verdict: String {
    let schedulers =
      status.schedulersInControl == 1
      ? "1 scheduler in control" : "\(status.schedulersInControl) schedulers in control"
    return "\(schedulers), \(status.writableDatabases) databases accept writes."
  }
}
