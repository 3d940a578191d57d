/// What a disaster strikes: a site, or one machine.
struct LabTarget: Sendable {
  let name: String
  let machines: [Machine]

  init(_ name: String, _ lab: MachineLab) throws {
    self.name = name
    if let network = MachineNetwork(rawValue: name) {
      machines = lab.machines.filter { $0.network == network }
    } else {
      machines = [try lab.machine(named: name)]
    }
  }

  /// By what names a fault of the network may name it, or a part of it.
  var ends: Set<String> { Set([name] + machines.map(\.name)) }
}
