import ArgumentParser

extension LabCommand {
  struct Heal: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "End disasters: what hangs goes on, what is down boots, the network is whole.",
      discussion: """
        Without a target all is healed. With one: that site or machine, and the network from and \
        to it. With two: the network between them.
        """)

    @OptionGroup var lab: LabDirectory
    @Argument(help: "A site; in a lab of machines, also a machine.") var target: String?
    @Argument(help: "The other end, where the network between two is healed.") var other: String?

    func run() throws {
      if MachineLab.exists(lab.layout.root) {
        try healMachines(try MachineLab(existing: lab.layout.root))
      } else {
        try healSites(try lab.layout.settings())
      }
    }

    private func healSites(_ settings: LabSettings) throws {
      let names = target.map { [SiteName(rawValue: $0)] } ?? SiteName.allCases
      guard !names.contains(nil), other == nil else {
        throw LabError(.refused, "this lab has the sites production and dr, and no more")
      }
      let sites = names.compactMap { $0 }.map(lab.layout.site)
      let hosts = sites.flatMap { $0.hosts(settings) }
      let lock = try lab.layout.lock()
      try withExtendedLifetime(lock) {
        try SitePower(hosts: hosts).resume()
        try HostStarter.start(sites, settings)
      }
      Terminal.show("\(sites.map(\.name.rawValue).joined(separator: " and ")): all hosts are up.")
    }

    private func healMachines(_ machineLab: MachineLab) throws {
      let healer = MachineHealer(lab: machineLab)
      let targets = try [target, other].compactMap { $0 }.map { try LabTarget($0, machineLab) }
      let lock = try lab.layout.lock()
      try withExtendedLifetime(lock) {
        try healer.healNetwork(of: targets)
        if targets.count < 2 { try healer.heal(targets.first?.machines ?? machineLab.machines) }
      }
      let healed = targets.isEmpty ? "all" : targets.map(\.name).joined(separator: ", ")
      Terminal.show("Healed: \(healed).")
    }
  }
}
