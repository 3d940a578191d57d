import Foundation
import Journal
public import Runbook

/// Gives a site the permit by a person's word. It holds the lease on all sites meanwhile, so that no run is under way.
public struct PermitGrant: Sendable {
  private static let leaseLifetime = Duration.seconds(60)

  private let surroundings: Surroundings

  public init(surroundings: Surroundings) { self.surroundings = surroundings }

  /// The ledger afterwards. Throws `EngineError` when another site holds the permit, or may run.
  public func grant(
    to site: String, because reason: String, _ inventory: Inventory
  ) async throws -> PermitLedger {
    let journal = surroundings.journal
    let now = Timestamp(surroundings.time.now())
    let lease = try await journal.acquire(
      Set(inventory.sites.map(\.name)), for: try Holder.current(), at: now,
      until: now.advanced(by: Self.leaseLifetime))
    let result = await Result.catching { try await grant(to: site, reason, inventory, lease) }
    try await journal.release(lease)
    return try result.get()
  }

  private func grant(
    to site: String, _ reason: String, _ inventory: Inventory, _ lease: Lease
  ) async throws -> PermitLedger {
    var ledger = try await PermitLedger.read(surroundings.journal, inventory)
    if let obstacle = ledger.obstacle(toGranting: site) {
      throw EngineError(
        "permit.held", "\(site) can't be given the permit: \(obstacle)",
        advice:
          "take the other scheduler down by a runbook, or fence it (fence.command, fence.attest)")
    }
    let record = PermitGranted(
      site: site, because: reason, person: surroundings.person, version: surroundings.version)
    let entry = try await surroundings.journal.append(
      EntryDraft(
        at: Timestamp(surroundings.time.now()), kind: PermitGranted.kind,
        body: try JSON(encoding: record)), under: lease)
    try ledger.take(entry)
    return ledger
  }
}

extension Result where Failure == any Error {
  fileprivate static func catching(_ body: () async throws -> Success) async -> Self {
    do { return .success(try await body()) } catch { return .failure(error) }
  }
}
