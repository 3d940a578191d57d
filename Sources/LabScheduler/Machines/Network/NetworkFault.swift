/// What is wrong with the way between two ends.
struct NetworkFault: Codable, Hashable, Sendable {
  enum Kind: Codable, Hashable, Sendable {
    case cut
    case loss(percent: Int)
    case delay(milliseconds: Int64)
  }

  let kind: Kind
  /// Sites or machines.
  let from: String
  let to: String
}

/// `faults.json`: the disasters in force that cannot be seen by looking at the machines.
struct LabFaults: Codable, Equatable, Sendable {
  /// Each for one direction.
  var network: Set<NetworkFault> = []
  /// Machines whose cable is pulled.
  var linksDown: Set<String> = []
  /// Machines whose database was ended by a disaster, so that healing starts it again.
  var databasesStruck: Set<String> = []

  static func read(_ lab: MachineLab) throws -> LabFaults {
    File.exists(lab.faultsFile)
      ? try JSON.read(LabFaults.self, file: lab.faultsFile) : LabFaults()
  }

  func write(_ lab: MachineLab) throws {
    try File.replace(lab.faultsFile, with: try JSON.encode(self, pretty: true))
  }
}

/// One end of a network fault.
struct NetworkEnd: Sendable {
  let name: String
  let network: MachineNetwork
  /// A subnet or an address.
  let addresses: String

  init(_ name: String, _ lab: MachineLab) throws {
    self.name = name
    if let network = MachineNetwork(rawValue: name) {
      self.network = network
      addresses = network.subnet
    } else {
      let machine = try lab.machine(named: name)
      network = machine.network
      addresses = machine.address
    }
  }
}
