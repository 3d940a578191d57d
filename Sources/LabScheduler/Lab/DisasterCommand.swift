import ArgumentParser

extension LabCommand {
  struct Disaster: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Strike a site, a machine, or the network between two of them.",
      discussion: """
        In a lab of machines a target is a site (production, dr), outside, or a machine. With two \
        targets the network between them is struck, both ways unless --one-way is given. A lab \
        without machines knows its two sites, --kill and --hang.
        """)

    @OptionGroup var lab: LabDirectory
    @Argument(help: "What is struck.") var target: String
    @Argument(help: "The other end, where the network between two is struck.") var other: String?
    @OptionGroup(title: "Disasters") var options: DisasterOptions

    func run() throws {
      if MachineLab.exists(lab.layout.root) {
        try strikeMachines(try MachineLab(existing: lab.layout.root))
      } else {
        try strikeSite(try lab.layout.settings())
      }
    }

    private func strikeSite(_ settings: LabSettings) throws {
      guard let site = SiteName(rawValue: target), other == nil else {
        throw LabError(.refused, "\(target): this lab has the sites production and dr, and no more")
      }
      let power = SitePower(hosts: lab.layout.site(site).hosts(settings))
      switch try options.disaster() {
      case .machine(.powerCut):
        try power.cut()
        Terminal.show("\(site) has lost its power: all of its processes are gone.")
      case .machine(.hang):
        try power.hang()
        Terminal.show("\(site) hangs: none of its processes answers.")
      default:
        throw LabError(.refused, "only a lab of machines (`lab up --hosts`) knows that disaster")
      }
    }

    private func strikeMachines(_ machineLab: MachineLab) throws {
      let disaster = try options.disaster()
      let lock = try lab.layout.lock()
      try withExtendedLifetime(lock) {
        switch (disaster, other) {
        case (.machine(let disaster), nil):
          let target = try LabTarget(target, machineLab)
          try MachineStriker(lab: machineLab).strike(target.machines, disaster)
        case (.network(let kind), let other?):
          try NetworkStriker(lab: machineLab).strike(
            kind, from: target, to: other, isOneWay: options.oneWay)
        case (.machine, _?):
          throw LabError(.refused, "between two targets: --partition, --loss or --delay")
        case (.network, nil):
          throw LabError(.refused, "\(target): name the other end too")
        }
      }
      Terminal.show(
        "\(options.word): \(([target] + [other].compactMap { $0 }).joined(separator: ", ")).")
    }
  }
}

struct DisasterOptions: ParsableArguments {
  @Flag(help: "Cut the power: SIGKILL to all of it (the default).") var kill = false
  @Flag(help: "Let all of it hang.") var hang = false
  @Flag(help: "Shut it down in order.") var powerOff = false
  @Flag(help: "Pull its network cable.") var linkDown = false
  @Flag(help: "End its database's processes with SIGKILL.") var killDatabase = false
  @Flag(help: "Fill its database's disk.") var diskFull = false
  @Option(help: "Let each write to its database's disk take that long.") var slowDisk: Interval?
  @Flag(help: "Let nothing through between two.") var partition = false
  @Option(help: "Lose so many of 100 packets between two.") var loss: Int?
  @Option(help: "Let packets between two take that much longer, each way.") var delay: Interval?
  @Flag(help: "Strike only what goes from the first target to the second.") var oneWay = false

  enum Disaster {
    case machine(MachineDisaster)
    case network(NetworkFault.Kind)
  }

  private var chosen: [(word: String, disaster: Disaster)] {
    let flags: [(Bool, String, Disaster)] = [
      (kill, "without power", .machine(.powerCut)), (hang, "hangs", .machine(.hang)),
      (powerOff, "switched off", .machine(.powerOff)),
      (linkDown, "without network", .machine(.linkDown)),
      (killDatabase, "database killed", .machine(.databaseKilled)),
      (diskFull, "disk full", .machine(.diskFull)), (partition, "cut off", .network(.cut)),
    ]
    let amounts: [(String, Disaster)?] = [
      slowDisk.map { ("disk slow", .machine(.slowDisk(milliseconds: $0.milliseconds))) },
      loss.map { ("packets are lost", .network(.loss(percent: $0))) },
      delay.map { ("packets are late", .network(.delay(milliseconds: $0.milliseconds))) },
    ]
    return flags.filter(\.0).map { ($0.1, $0.2) } + amounts.compactMap { $0 }
  }

  func validate() throws {
    guard chosen.count <= 1 else { throw ValidationError("Choose one disaster at a time.") }
    guard loss.map((1...100).contains) ?? true else {
      throw ValidationError("--loss: a number of packets from 1 to 100.")
    }
    if oneWay, partition == false, loss == nil, delay == nil {
      throw ValidationError("--one-way goes with --partition, --loss or --delay.")
    }
  }

  var word: String { chosen.first?.word ?? "without power" }

  func disaster() throws -> Disaster { chosen.first?.disaster ?? .machine(.powerCut) }
}
