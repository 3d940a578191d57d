import ArgumentParser
import Foundation

/// Which database server the lab's sites run.
enum DatabaseKind: String, CaseIterable, Codable, Sendable, ExpressibleByArgument {
  case postgresql
  case mariadb
}

/// `machines.json`: marks a directory as a lab of machines, and keeps how it was made.
struct MachineLabSettings: Codable, Equatable, Sendable {
  var version = 1
  /// Tells this lab's control groups from those of other labs.
  let id: String
  let database: DatabaseKind
  let agents: Int
  /// Whether machines ask the operator's before they open a database or start the scheduler.
  let asksPermit: Bool
  /// The directory of the base image.
  let image: String
  /// The directory of the programs, and that of the runbooks if there is one.
  let programs: String
  let runbooks: String?
  /// The directory of the Swift libraries that the programs need; nil when they are in them.
  let swiftLibraries: String?
  /// Whether `up` made the directory itself, so that `down` may remove it.
  let madeDirectory: Bool
  let createdAt: Timestamp
}

/// Where everything of a lab of machines is.
struct MachineLab: Sendable {
  let root: String
  let settings: MachineLabSettings

  static func settingsFile(_ root: String) -> String { "\(root)/machines.json" }

  static func exists(_ root: String) -> Bool { File.exists(settingsFile(root)) }

  init(root: String, settings: MachineLabSettings) {
    self.root = root
    self.settings = settings
  }

  /// An existing lab.
  init(existing root: String) throws {
    self.init(
      root: root,
      settings: try JSON.read(MachineLabSettings.self, file: Self.settingsFile(root)))
  }

  /// There once everything has been made; a lab without it was cut off.
  var completeMark: String { "\(root)/complete" }
  var sitesFile: String { "\(root)/sites.yaml" }
  var faultsFile: String { "\(root)/faults.json" }
  var secretDirectory: String { "\(root)/secrets" }
  /// Lifeboat's state on the operator's machine.
  var operatorStateDirectory: String { "\(root)/operator-state" }
  var routerIdentityFile: String { "\(root)/router.json" }
  var routerLogFile: String { "\(root)/router.log" }

  var machines: [Machine] { Machine.all(agents: settings.agents) }

  func machine(named name: String) throws -> Machine {
    guard let machine = machines.first(where: { $0.name == name }) else {
      let names = machines.map(\.name).joined(separator: ", ")
      throw LabError(.refused, "\(name): is no machine of this lab; there are \(names)")
    }
    return machine
  }

  func machine(_ site: SiteName, _ role: Machine.Role) -> Machine {
    // Every site has one of each of the roles that are asked for.
    machines.first { $0.site == site && $0.role == role }!
  }

  var operatorMachine: Machine { machines.first { $0.role == .operator }! }
  var storageMachine: Machine { machines.first { $0.role == .storage }! }

  func place(_ machine: Machine) -> MachinePlace {
    MachinePlace(directory: "\(root)/machines/\(machine.name)")
  }

  var cgroups: LabCgroups { LabCgroups(lab: settings.id) }
}

/// Where one machine's things are.
struct MachinePlace: Sendable {
  let directory: String

  /// What the machine has changed of the base image, and its file system as it sees it.
  var upper: String { "\(directory)/upper" }
  var work: String { "\(directory)/work" }
  var root: String { "\(directory)/root" }
  /// A disk of the machine's own, and where it is mounted.
  var disk: String { "\(directory)/disk.img" }
  var data: String { "\(directory)/data" }
  /// Fills the disk while that disaster lasts.
  var filler: String { "\(data)/filler" }
  var builtMark: String { "\(directory)/built" }
  var supervisorFile: String { "\(directory)/supervisor.json" }
  var log: String { "\(directory)/console.log" }
}
