import ArgumentParser
import Foundation

struct LabCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "Bring up, look at, strike, heal and take down a lab of two sites.",
    subcommands: [
      Up.self, Status.self, Enter.self, Disaster.self, Heal.self, Down.self, Image.self,
    ])
}

struct LabDirectory: ParsableArguments {
  @Argument(help: "The lab's directory.")
  var directory: String

  var layout: LabLayout { LabLayout(directory) }
}

extension LabCommand {
  struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a lab in an empty or new directory, or start what is down of one.")

    @OptionGroup var lab: LabDirectory
    @OptionGroup(title: "Machines") var machines: MachineOptions
    @Flag(help: "Give production a secondary scheduler on the same database.")
    var pair = false
    @Option(help: "Between two runs of the quickest job.")
    var jobInterval = Interval(milliseconds: 200)
    @Option(help: "Between two looks of the replicators.")
    var shipInterval = Interval(milliseconds: 200)
    @Option(help: "Between two heartbeats of a server.")
    var heartbeatInterval = Interval(milliseconds: 1000)
    @Option(help: "Start type of the DR site's services: automatic, manual or disabled.")
    var standbyStartType = StartType.disabled

    func run() throws {
      let layout = lab.layout
      if machines.hosts || MachineLab.exists(layout.root) {
        return try MachineLabUp(layout: layout, options: machines).run()
      }
      let madeDirectory =
        try File.exists(layout.settingsFile) ? false : layout.prepareEmptyDirectory()
      let lock = try layout.lock()
      let isNew = !File.exists(layout.settingsFile)
      let settings = isNew ? try mark(layout, madeDirectory) : try layout.settings()
      try withExtendedLifetime(lock) {
        try LabBuilder(layout: layout, settings: settings).build()
        try HostStarter.start(layout.sites, settings)
      }
      if isNew {
        Terminal.show("The lab is up in \(layout.root); its inventory is \(layout.sitesFile).")
      } else {
        Terminal.show("The lab in \(layout.root) is up, with the settings it was made with.")
      }
    }

    /// Marks the directory as a lab before anything else is put there.
    private func mark(_ layout: LabLayout, _ madeDirectory: Bool) throws -> LabSettings {
      let settings = LabSettings(
        isPair: pair, jobInterval: jobInterval, shipInterval: shipInterval,
        heartbeatInterval: heartbeatInterval, standbyStartType: standbyStartType,
        addresses: try LabAddresses.draw(), madeDirectory: madeDirectory, createdAt: Clock.now)
      try File.replace(layout.settingsFile, with: try JSON.encode(settings, pretty: true))
      return settings
    }
  }

  struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop a lab and remove what it made.")

    @OptionGroup var lab: LabDirectory
    @Flag(help: "Stop it, but keep its files.") var keep = false

    func run() throws {
      let layout = lab.layout
      if MachineLab.exists(layout.root) { return try removeMachines(layout) }
      guard File.exists(layout.settingsFile) else { return try removeBeginning(layout) }
      let settings = try layout.settings()
      let lock = try layout.lock()
      try withExtendedLifetime(lock) {
        try SitePower(hosts: layout.sites.flatMap { $0.hosts(settings) }).shutDown()
        guard !keep else { return }
        let left = try LabRemover(layout: layout, settings: settings).remove()
        for file in left { Terminal.show("left in place, not the lab's: \(file)") }
      }
      Terminal.show("The lab in \(layout.root) is down\(keep ? "; its files are kept" : "").")
    }

    /// Of a lab that was cut off before it was marked as one.
    private func removeBeginning(_ layout: LabLayout) throws {
      guard try !keep && File.exists(layout.lockFile) && layout.holdsNoMoreThanABeginning() else {
        Terminal.show("\(layout.root): there is no lab; nothing to do.")
        return
      }
      let lock = try layout.lock()
      try withExtendedLifetime(lock) {
        // Whoever held the lock until now may have gone on.
        guard try layout.holdsNoMoreThanABeginning() else {
          throw LabError(.refused, "\(layout.root): has become a lab meanwhile; try again")
        }
        try File.removeUnfinished(in: layout.root)
        try File.remove(layout.lockFile)
        try File.remove(layout.root)
      }
      Terminal.show("The lab in \(layout.root) was cut off at its very beginning. It is removed.")
    }

    private func removeMachines(_ layout: LabLayout) throws {
      guard !keep else {
        throw LabError(.refused, "--keep: a lab of machines goes as a whole; leave it out")
      }
      let lab = try MachineLab(existing: layout.root)
      let lock = try layout.lock()
      try withExtendedLifetime(lock) { try MachineLabRemover(lab: lab).remove() }
      Terminal.show("The lab in \(layout.root) is down.")
    }
  }
}

extension SiteName: ExpressibleByArgument {}
