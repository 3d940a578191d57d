import Foundation
import SystemPackage

/// The host's service manager: start, stop and kill by name, the order of booting, and the rule
/// that a service's dependents stop when it does. It waits for nothing; the daemon's loop tells it
/// what has happened.
struct ServiceManager {
  private var services: [ServiceName: ManagedService]
  private let order: [ServiceName]
  private let databaseFile: String
  private var toBoot: [ServiceName]
  private let log: (String) -> Void

  init(
    host: HostDirectory, configuration: HostConfiguration, log: @escaping (String) -> Void
  ) throws {
    order = configuration.services
    databaseFile = configuration.databaseFile
    services = [:]
    for name in order { services[name] = try ManagedService(name: name, host: host) }
    toBoot = order
    self.log = log
  }

  var isBooted: Bool { toBoot.isEmpty }
  var hasProcesses: Bool { services.values.contains { $0.pid != nil } }

  var readinessPipes: [FileDescriptor] { services.values.compactMap(\.readiness) }

  func named(_ name: String) throws -> ServiceName {
    guard let service = ServiceName(rawValue: name), services[service] != nil else {
      throw LabError(
        .unknownService,
        "service \(name): unknown here; there are \(order.map(\.rawValue).joined(separator: ", "))")
    }
    return service
  }

  func status(_ names: [ServiceName]) -> [ServiceStatus] {
    (names.isEmpty ? order : names).compactMap { services[$0]?.status }
  }

  func state(_ name: ServiceName) -> ServiceState { services[name]?.state ?? .stopped }

  mutating func setStartType(_ name: ServiceName, _ type: StartType) throws {
    try services[name]?.setStartType(type)
    log("\(name): start type \(type)")
  }

  mutating func start(_ name: ServiceName) throws {
    guard let service = services[name] else { return }
    guard service.state != .stopping else {
      throw LabError(.refused, "service \(name): is stopping; start it when it has stopped")
    }
    guard service.pid == nil else { return }
    guard service.startType != .disabled else {
      throw LabError(
        .refused, "service \(name): is disabled; set its start type to automatic or manual first")
    }
    if let needed = name.dependency, state(needed) != .running {
      throw LabError(
        .dependency,
        "service \(name): depends on \(needed), which is \(state(needed)); start that first")
    }
    try services[name]?.start()
    log("\(name): started")
  }

  mutating func stop(_ name: ServiceName) {
    toBoot.removeAll { $0 == name }
    for dependent in name.dependents { stop(dependent) }
    services[name]?.askToStop()
    services[name]?.acknowledgeFailure()
  }

  /// Whether the service and what depends on it have no process left.
  func hasStopped(_ name: ServiceName) -> Bool {
    services[name]?.pid == nil && name.dependents.allSatisfy(hasStopped)
  }

  mutating func kill(_ name: ServiceName) {
    services[name]?.killProcess()
    log("\(name): killed on request")
  }

  /// Stops one service after the other, dependents first; true when none is left.
  mutating func stopNext() -> Bool {
    toBoot = []
    guard let name = order.last(where: { services[$0]?.pid != nil }) else { return true }
    stop(name)
    return false
  }

  /// Takes in the ends of children and what they said since the last time.
  mutating func update() throws {
    for name in order {
      if try services[name]?.reap() == true { serviceDied(name) }
      guard services[name]?.pid == nil else { continue }
      for dependent in name.dependents { stopIfRunning(dependent) }
    }
    boot()
  }

  mutating func readinessChanged(_ descriptor: Int32) throws {
    for name in order where services[name]?.readiness?.rawValue == descriptor {
      try services[name]?.readinessChanged()
      log("\(name): \(state(name))")
    }
  }

  private mutating func stopIfRunning(_ name: ServiceName) {
    guard services[name]?.pid != nil, state(name) != .stopping else { return }
    log("\(name): stops, because \(name.dependency.map(\.rawValue) ?? "its host") has ended")
    stop(name)
  }

  private func serviceDied(_ name: ServiceName) {
    log("\(name): \(state(name)), without having been asked to stop")
    do {
      try SchedulerDatabase.recover(path: databaseFile)
    } catch  where LabError.isBusy(error) {
      return  // another process uses the database, and has recovered it if it needed that
    } catch {
      log("\(databaseFile): could not be recovered: \(error)")
    }
  }

  /// Starts the automatic services, each when the one before it is up. A replicator that cannot
  /// say whether this site has been replaced keeps the others from starting by themselves.
  private mutating func boot() {
    while let name = toBoot.first {
      guard services[name]?.startType == .automatic else {
        toBoot.removeFirst()
        continue
      }
      switch state(name) {
      case .stopped:
        do { try start(name) } catch { giveUpBooting(name, "\(error)") }
      case .running:
        toBoot.removeFirst()
      case .starting, .stopping:
        return
      case .failed:
        if name == .replicator {
          giveUpBooting(name, "it failed")
        } else {
          toBoot.removeFirst()
        }
      }
    }
  }

  private mutating func giveUpBooting(_ name: ServiceName, _ reason: String) {
    log("\(name): the services after it are not started: \(reason)")
    toBoot = []
  }
}
