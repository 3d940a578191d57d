import ArgumentParser
import Foundation
import Glibc

/// What `lab up --hosts` is told.
struct MachineOptions: ParsableArguments {
  @Flag(help: "Make machines booted with systemd, real databases and a network. Root only.")
  var hosts = false
  @Option(help: "With --hosts: which database the sites run, postgresql or mariadb.")
  var database = DatabaseKind.postgresql
  @Option(help: "With --hosts: how many agents the DR site has.")
  var agents = 2
  @Flag(
    inversion: .prefixedNo,
    help: "With --hosts: units ask the operator's machine before they start.")
  var permit = true
  @Option(help: "With --hosts: the runbooks' directory that the operator's machine has.")
  var runbooks: String?
  @OptionGroup var image: ImageOptions

  func validate() throws {
    guard (0...200).contains(agents) else {
      throw ValidationError("--agents: a number from 0 to 200.")
    }
  }
}

/// `lab up --hosts`.
struct MachineLabUp {
  let layout: LabLayout
  let options: MachineOptions

  func run() throws {
    try HostPackages.require()
    try checkPath()
    if MachineLab.exists(layout.root) { return try bringBack() }
    let madeDirectory = try layout.prepareEmptyDirectory()
    let lock = try layout.lock()
    try withExtendedLifetime(lock) {
      let image = try BaseImage(extraPackages: options.image.packages)
        .prepare(telling: Terminal.show)
      try KernelLimits.raise(telling: Terminal.show)
      let lab = MachineLab(root: layout.root, settings: try settings(image, madeDirectory))
      // Marks the directory as a lab before anything else is put there.
      try File.replace(
        MachineLab.settingsFile(layout.root), with: try JSON.encode(lab.settings, pretty: true))
      try MachineLabBuilder(lab: lab).build()
    }
    Terminal.show(
      "The lab is up in \(layout.root). At the operator's terminal: "
        + "lab-scheduler lab enter \(layout.root) operator -- bash")
  }

  private func bringBack() throws {
    let lab = try MachineLab(existing: layout.root)
    let lock = try layout.lock()
    try withExtendedLifetime(lock) {
      guard File.exists(lab.completeMark) else {
        throw LabError(
          .refused,
          "\(layout.root): was cut off while it was made; `lab-scheduler lab down \(layout.root)` "
            + "removes it")
      }
      try MachineHealer(lab: lab).heal(lab.machines)
    }
    Terminal.show("The lab in \(layout.root) is up, with the settings it was made with.")
  }

  /// The path becomes part of mount options and of control sockets.
  private func checkPath() throws {
    guard !layout.root.contains(where: { ":,\\\"".contains($0) || $0.isWhitespace }) else {
      throw LabError(
        .refused,
        "\(layout.root): a lab of machines needs a path without blanks, colons, commas and the like"
      )
    }
  }

  private func settings(_ image: String, _ madeDirectory: Bool) throws -> MachineLabSettings {
    let program = try ProcessSpawner.ownExecutable()
    let programs = (program as NSString).deletingLastPathComponent
    return MachineLabSettings(
      id: String(format: "%08x", UInt32.random(in: 0...UInt32.max)), database: options.database,
      agents: options.agents, asksPermit: options.permit, image: image, programs: programs,
      runbooks: try options.runbooks.map(absolute) ?? Self.runbooks(above: programs),
      swiftLibraries: try Self.swiftLibraries(), madeDirectory: madeDirectory,
      createdAt: Clock.now)
  }

  private func absolute(_ path: String) throws -> String {
    let path = URL(fileURLWithPath: path).standardizedFileURL.path
    guard File.exists(path) else { throw LabError(.refused, "\(path): there are no runbooks") }
    return path
  }

  /// The project's own, when the programs stand in its build directory.
  private static func runbooks(above directory: String) -> String? {
    var directory = directory as NSString
    while directory.length > 1 {
      let runbooks = directory.appendingPathComponent("Runbooks")
      if File.exists(runbooks) { return runbooks }
      directory = directory.deletingLastPathComponent as NSString
    }
    return nil
  }

  /// Where this process has Swift's libraries from; the machines need them at the same place.
  private static func swiftLibraries() throws -> String? {
    let maps = String(decoding: try File.read("/proc/self/maps"), as: UTF8.self)
    let line = maps.split(separator: "\n").first { $0.hasSuffix("/libswiftCore.so") }
    guard let path = line?.firstIndex(of: "/").map({ String(line![$0...]) }) else { return nil }
    return (path as NSString).deletingLastPathComponent
  }
}

extension LabCommand {
  struct Enter: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Run a program inside a machine of a lab, as root.",
      discussion: """
        The program has this command's standard streams, and its exit status is this command's. \
        Exit status 255: the machine is down.
        """)

    @OptionGroup var lab: LabDirectory
    @Argument(help: "The machine, as operator or dr-database.") var machine: String
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
    var program: [String]

    func validate() throws {
      guard !program.isEmpty else { throw ValidationError("Name the program to run after --.") }
    }

    func run() throws {
      let lab = try lab.layout.machineLab()
      let machine = RunningMachine(machine: try lab.machine(named: machine), lab: lab)
      let terminal = ProcessInfo.processInfo.environment["TERM"].map { ["TERM=\($0)"] } ?? []
      try ProcessSpawner.replaceProcess(by: try machine.entrance() + terminal + program)
    }
  }
}

extension LabLayout {
  /// The lab of machines in this directory.
  func machineLab() throws -> MachineLab {
    guard MachineLab.exists(root) else {
      throw LabError(
        .notALab, "\(root): is no lab of machines; `lab-scheduler lab up \(root) --hosts` makes one"
      )
    }
    return try MachineLab(existing: root)
  }

  /// Sees to it that the directory is there, and holds nothing. True when it has been made.
  func prepareEmptyDirectory() throws -> Bool {
    guard File.exists(root) else {
      try File.createDirectory(root)
      return true
    }
    guard try holdsNoMoreThanABeginning() else {
      throw LabError(.refused, "\(root): is not empty and is no lab; name a new or empty directory")
    }
    return false
  }
}
