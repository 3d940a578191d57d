/// One kind of database server, as the lab sets it up.
protocol LabDatabaseServer: Sendable {
  var port: UInt16 { get }
  /// Its systemd unit, without the suffix.
  var unit: String { get }
  /// The directory on the database's disk, and where the machine has it.
  var diskDirectory: String { get }
  var mountPoint: String { get }
  /// Lines of the inventory, under `replication` and under `server`.
  var replicationInventory: [String] { get }
  var serverInventory: [String] { get }

  /// The host for drills on a machine with a replica: its name, and its lines of the inventory. Nil when there is none.
  func drillInventory(_ machine: Machine, _ lab: MachineLab) -> (name: String, lines: [String])?

  /// What a database machine has beside the base image.
  func entries(_ machine: Machine, _ lab: MachineLab) throws -> [ContentEntry]
  /// What is on its disk before the server runs for the first time.
  func fillDisk(of machine: Machine, _ lab: MachineLab) throws
  /// Makes accounts and database at production, and the replica at the DR site.
  func setUp(_ lab: MachineLab) throws
  /// What lets the server open its database only with a permit.
  func permitEntries(_ machine: Machine, _ lab: MachineLab) -> [ContentEntry]
  /// The copy at a machine, by looking only.
  func copy(at machine: RunningMachine) throws -> LabDatabaseCopy
}

extension LabDatabaseServer {
  func drillInventory(_ machine: Machine, _ lab: MachineLab) -> (name: String, lines: [String])? {
    nil
  }
}

/// What a copy of the scheduler's database says of itself.
struct LabDatabaseCopy: Codable, Equatable {
  /// Why nothing is known; nil when it is.
  var problem: String?
  var role: String?
  var acceptsWrites: Bool?
  /// How far it is in the line of changes, in the server's own words.
  var position: String?
  /// Behind the primary by this; nil on a primary, or when nobody knows.
  var lagSeconds: Double?
  var failoverGuids: [String] = []
}

extension DatabaseKind {
  var server: any LabDatabaseServer {
    switch self {
    case .postgresql: PostgreSQLServer()
    case .mariadb: MariaDBServer()
    }
  }
}

extension ContentEntry {
  /// Lets a unit start at boot.
  static func enabled(_ unit: String, file: String) -> ContentEntry {
    .link("/etc/systemd/system/multi-user.target.wants/\(unit).service", to: file)
  }
}
