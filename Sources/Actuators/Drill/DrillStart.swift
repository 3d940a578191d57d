import Runbook

/// What must hold before a drill's scheduler is started, in place of what must hold before a real one is.
struct DrillStart: Sendable {
  let failover: FailoverOwnership
  private let directory: DrillDirectory
  private let isolation: DrillIsolation

  /// Nil on a host that is not a drill's.
  init?(on host: Host, _ arguments: Arguments) throws {
    guard let drill = host.drill else { return nil }
    let inventory = arguments.inventory
    guard let database = inventory.database(drill.database),
      let copy = inventory.copy(of: database, at: host.id),
      let directory = DrillDirectory(of: copy)
    else {
      throw ActionError(
        "inventory.unknown_database",
        "step \(arguments.step): there is no database '\(drill.database)', which \(host.id) copies")
    }
    self.directory = directory
    failover = FailoverOwnership(of: copy, in: inventory)
    isolation = DrillIsolation(of: host, in: inventory)
  }

  var guards: [Guard] { [directory.markedGuard(), isolation.makeGuard()] }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    try await directory.observeServed(observer) + isolation.observe(observer)
  }
}
