import Runbook

/// What changes a copy's role.
enum LogShippingStatement {
  static let drain: SQLStatement = "UPDATE replication_state SET role = 'draining'"
  static let takeBack: SQLStatement = "UPDATE replication_state SET role = 'primary'"
  static let demote: SQLStatement = "UPDATE replication_state SET role = 'replica'"

  static func promote(epoch: Int) -> SQLStatement {
    "UPDATE replication_state SET role = 'primary', epoch = \(epoch)"
  }
}

/// What a `LogShippingReversal` would do, as far as the observation tells.
struct LogShippingOperations: Sendable {
  let reversal: Reversal

  private var target: DatabaseCopy { reversal.target }
  private var observation: Observation { reversal.observation }

  var all: [Operation] { reversal.isGraceful ? graceful : ungraceful }

  private var graceful: [Operation] {
    var operations: [Operation] = []
    switch observation.role(of: target) {
    case .draining:
      operations.append(Operation(.statement(LogShippingStatement.takeBack, in: target)))
    case .replica:
      guard let source = reversal.others.first(where: observation.isServing) else { return [] }
      if observation.role(of: source) == .primary {
        operations.append(Operation(.statement(LogShippingStatement.drain, in: source)))
      }
      operations += promotion(epoch: observation.epoch(of: source))
    default: break
    }
    // Its replicator may have seen the new primary first.
    return operations
      + reversal.others.flatMap { demotion(of: $0, if: "it doesn't follow by itself already") }
  }

  private var ungraceful: [Operation] {
    let demotions = reversal.others.flatMap { demotion(of: $0, if: nil) }
    guard observation.role(of: target) != .primary else { return demotions }
    let epochs = ([target] + reversal.others).compactMap(observation.epoch(of:))
    return demotions + promotion(epoch: epochs.max())
  }

  private func promotion(epoch: Int?) -> [Operation] {
    guard let epoch else { return [Operation(.untold("promote \(target.subject)"))] }
    return [Operation(.statement(LogShippingStatement.promote(epoch: epoch + 1), in: target))]
  }

  private func demotion(of copy: DatabaseCopy, if condition: String?) -> [Operation] {
    let demotion = Operation.Work.statement(LogShippingStatement.demote, in: copy)
    guard observation.role(of: copy) != nil else {
      return [Operation(demotion, if: "it answers after all, and is no replica")]
    }
    return observation.isServing(copy) ? [Operation(demotion, if: condition)] : []
  }
}
