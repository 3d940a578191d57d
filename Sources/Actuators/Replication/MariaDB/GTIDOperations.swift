import Runbook

/// What a `GTIDReversal`, and the fencing of a copy, would do, as far as the observation tells. Of the same pieces as these.
struct GTIDOperations: Sendable {
  private static let notKeptClosed = "its file isn't there yet"

  let observation: Observation

  // MARK: - Reversal

  func reversal(_ reversal: Reversal) throws -> [Operation] {
    let target = reversal.target
    var operations = try reversal.isGraceful ? [] : reversal.others.flatMap(fencing)
    switch observation.role(of: target) {
    case .replica where reversal.isGraceful: operations += handingOver(reversal)
    case .replica:
      operations += statements(
        [GTIDPromotion.stoppingReceiver] + GTIDPromotion.takingOver, in: target)
    case .draining: operations += statements([GTIDPromotion.opening], in: target)
    default: break
    }
    operations.append(Operation(.command(try GTIDFence.lifting(target), on: target.host)))
    return try operations
      + (reversal.isGraceful ? reversal.others.flatMap { try following($0, target) } : [])
  }

  private func handingOver(_ reversal: Reversal) -> [Operation] {
    guard let source = reversal.others.first(where: observation.isServing) else { return [] }
    let drain = GTIDDrain.locking(within: reversal.drainTimeout) + [GTIDDrain.unlock]
    let isOpen = observation.role(of: source) == .primary
    let reopening = Operation(
      .statement(GTIDPromotion.opening, in: source), if: "it can't be handed over")
    return statements(drain, in: source) + (isOpen ? [reopening] : [])
      + statements(GTIDPromotion.takingOver, in: reversal.target)
  }

  private func following(_ copy: DatabaseCopy, _ primary: DatabaseCopy) throws -> [Operation] {
    let server = try GTIDFollowing.server(of: primary)
    let source = observation[copy.subject, CopyFacts.source]?.string
    guard source != GTIDFollowing.address(of: server) else { return try keepingClosed(copy) }
    let semiSync = observation[primary.subject, GTIDServer.semiSyncReplicaFact]?.boolean == true
    let isReplica = observation.role(of: copy) == .replica
    let settings =
      GTIDFollowing.semiSyncSettings(semiSync) + (isReplica ? [GTIDFollowing.stopping] : [])
      + [try GTIDFollowing.changeMaster(to: server, copy.database)]
    return statements(GTIDFence.closing(within: GTIDFollowing.closingTimeout), in: copy)
      + [
        Operation(
          .untold("end connections to \(copy.subject)"), if: "their transactions still hold rows")
      ] + statements(settings, in: copy)
      + (semiSync ? statements([GTIDFollowing.waitingForReplicas], in: primary) : [])
      + statements([GTIDFollowing.starting], in: copy) + (try keepingClosed(copy))
  }

  // MARK: - Fencing

  func fencing(_ copy: DatabaseCopy) throws -> [Operation] {
    let closing = GTIDFence.closing(within: GTIDFollowing.closingTimeout)
    let stopping = try GTIDService.stopping(copy)
    switch observation.role(of: copy) {
    case .primary, .draining, .replica:
      return try statements(closing, in: copy) + keepingClosed(copy)
    case .stopped, .lost:
      return try keepingClosed(copy) + stopping.map { Operation(.command($0, on: copy.host)) }
    case nil:
      return try statements(closing, in: copy, if: "its server answers")
        + keepingClosed(copy, if: "its host answers, and \(Self.notKeptClosed)")
        + stopping.map {
          Operation(.command($0, on: copy.host), if: "its host answers, and its server doesn't")
        }
    }
  }

  private func keepingClosed(
    _ copy: DatabaseCopy, if condition: String = notKeptClosed
  ) throws -> [Operation] {
    try GTIDFence.keepingClosed(copy).map {
      Operation(.command($0.command, on: copy.host), if: condition)
    }
  }

  private func statements(
    _ statements: [SQLStatement], in copy: DatabaseCopy, if condition: String? = nil
  ) -> [Operation] {
    statements.map { Operation(.statement($0, in: copy), if: condition) }
  }
}
