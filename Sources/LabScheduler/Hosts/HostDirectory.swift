import Foundation

/// The files of one host of the lab. All that the "machine" has is under one directory.
struct HostDirectory: Hashable, Sendable {
  /// An absolute path.
  let path: String

  init(_ path: String) {
    self.path = URL(fileURLWithPath: path).standardizedFileURL.path
  }

  var configurationFile: String { "\(path)/host.json" }
  var serverConfigFile: String { "\(path)/Server.config" }
  var failoverConfigFile: String { "\(path)/Failover.config" }
  /// The default log directory, where the services write.
  var logDirectory: String { "\(path)/logs" }
  var socketName: String { "host.sock" }
  var socketFile: String { "\(path)/\(socketName)" }
  var lockFile: String { "\(path)/host.lock" }
  var identityFile: String { "\(path)/host.pid" }
  var logFile: String { "\(path)/host.log" }
  var serviceDirectory: String { "\(path)/services" }

  /// What a drill makes; only a drill's host has it, and only for as long.
  var drillDirectory: String { "\(path)/drill" }

  func startTypeFile(_ service: ServiceName) -> String { "\(serviceDirectory)/\(service).json" }
  func lockFile(_ service: ServiceName) -> String { "\(serviceDirectory)/\(service).lock" }
  func identityFile(_ service: ServiceName) -> String { "\(serviceDirectory)/\(service).pid" }
  func logFile(_ service: ServiceName) -> String { "\(logDirectory)/\(service).log" }

  func configuration() throws -> HostConfiguration {
    try JSON.read(HostConfiguration.self, file: configurationFile)
  }

  /// The host's process as it was recorded at its last start, if there was one.
  func recordedProcess() throws -> ProcessIdentity? {
    try Self.identity(in: identityFile)
  }

  /// The processes of the services as they were recorded, dead ones among them.
  func recordedServiceProcesses() throws -> [ProcessIdentity] {
    try ServiceName.allCases.compactMap { try Self.identity(in: identityFile($0)) }
  }

  private static func identity(in file: String) throws -> ProcessIdentity? {
    guard let data = try File.readIfPresent(file) else { return nil }
    do {
      return try JSON.decode(ProcessIdentity.self, from: data)
    } catch {
      throw LabError(.invalidFile, "\(file): does not name a process: \(error)")
    }
  }
}

/// `host.json`: what a host knows of its surroundings.
struct HostConfiguration: Codable, Equatable, Sendable {
  let site: String
  let name: String
  /// The loopback address that stands for the host's name.
  let address: String
  let databaseFile: String
  let sharedLogDirectory: String
  /// The site's replication settings, on the one host of a site that runs the replicator.
  let replicationFile: String?
  /// Whether the host reaches no network and changes no file but its own: what a drill's scheduler needs.
  var isIsolated: Bool?

  var services: [ServiceName] {
    ServiceName.allCases.filter { $0 != .replicator || replicationFile != nil }
  }
}

/// The services in the order in which they start.
enum ServiceName: String, CaseIterable, Codable, Sendable, CustomStringConvertible {
  case replicator
  case server
  case executor
  case scheduler

  var description: String { rawValue }

  /// The service that must run for this one to run.
  var dependency: ServiceName? { self == .scheduler ? .executor : nil }

  /// The services that stop when this one does.
  var dependents: [ServiceName] { Self.allCases.filter { $0.dependency == self } }
}

enum StartType: String, Codable, CaseIterable, Sendable {
  case automatic
  case manual
  case disabled
}
