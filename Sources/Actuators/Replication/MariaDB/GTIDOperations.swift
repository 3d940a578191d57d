import Runbook

/// What a `GTIDReversal`, a `GTIDRejoin`, and the fencing of a copy would do, as far as the observation tells. Of the same pieces as these.
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
    guard reversal.isGraceful else { return operations }
    let semiSync = observation[target.subject, GTIDServer.semiSyncReplicaFact]?.boolean == true
    return try operations
      + reversal.others.flatMap { try following($0, target, semiSync: semiSync) }
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

  private func following(
    _ copy: DatabaseCopy, _ primary: DatabaseCopy, semiSync: Bool
  ) throws -> [Operation] {
    let source = observation[copy.subject, CopyFacts.source]?.string
    let isThere = source == GTIDFollowing.address(of: try GTIDFollowing.server(of: primary))
    if isThere { return try keepingClosed(copy) }
    return try attaching(
      copy, to: primary, semiSync: semiSync, isReplica: observation.role(of: copy) == .replica)
  }

  private func attaching(
    _ copy: DatabaseCopy, to primary: DatabaseCopy, semiSync: Bool, isReplica: Bool
  ) throws -> [Operation] {
    let server = try GTIDFollowing.server(of: primary)
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

  // MARK: - Rejoining

  func rejoin(_ rejoin: Rejoin) throws -> [Operation] {
    let (copy, primary) = (rejoin.copy, rejoin.primary)
    let rebuilding =
      try keepingClosed(copy)
      + GTIDRebuild.operations(of: copy, from: primary, given: observation)
    let semiSync = [GTIDServer.semiSyncSourceFact, GTIDServer.semiSyncReplicaFact].contains {
      observation[primary.subject, $0]?.boolean == true
    }
    func attached(isReplica: Bool) throws -> [Operation] {
      try attaching(copy, to: primary, semiSync: semiSync, isReplica: isReplica)
    }
    switch observation.role(of: copy) {
    case .stopped:
      let starting = try GTIDService.starting(copy).map { Operation(.command($0, on: copy.host)) }
      // Only when it answers can it be told whether it has anything of its own, and whom it follows.
      let found = rebuilding.map {
        Operation($0.work, if: $0.condition ?? "it has transactions that \(primary.subject) lacks")
      }
      let attaching = try attached(isReplica: true).map {
        Operation($0.work, if: $0.condition ?? "it doesn't follow by itself")
      }
      return try keepingClosed(copy) + starting + found + attaching
    case .primary, .draining, .replica:
      if observation[copy.subject, ReplicationRejoin.diverged]?.boolean == true {
        return try rebuilding + attached(isReplica: false)
      }
      return try following(copy, primary, semiSync: semiSync)
    case .lost, nil:
      return [Operation(.untold("what \(copy.subject) is isn't known"))]
    }
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
