import Runbook

/// What a `StreamingRejoin` would do.
extension StreamingOperations {
  func rejoin(_ rejoin: Rejoin) throws -> [Operation] {
    let (copy, primary) = (rejoin.copy, rejoin.primary)
    // What only the primary says is known when the slots are dropped.
    let ofPrimary = Observation(
      observation.facts.filter { $0.key.subject == primary.subject })
    let idle = ReplicationSlot.kept(by: copy, for: [primary], ofPrimary)
    return try bringingBack(copy, to: primary)
      + run(idle.map(ReplicationSlot.dropping), in: copy)
      + SynchronousSuspension.restoring(at: primary)
  }

  private func bringingBack(
    _ copy: DatabaseCopy, to primary: DatabaseCopy
  ) throws -> [Operation] {
    let server = try Server(copy)
    let commands = RewindCommands(installation: server.installation)
    func rewound(_ rewind: [Operation]) throws -> [Operation] {
      try run([ReplicationSlot.creation(for: copy)], in: primary)
        + server.order(.setStartType("disabled", of: [server.service])) + rewind
        + server.run([commands.forgetting]) + starting(copy, following: primary)
    }
    if observation[copy.subject, ReplicationRejoin.unfinished]?.boolean == true {
      return try rewound(Rewind.operationsOfResuming(copy, following: primary))
    }
    let role = observation.role(of: copy)
    let closing = role == .primary ? try fencing(copy) : []
    switch observation[copy.subject, ReplicationRejoin.diverged]?.boolean {
    case true:
      return try closing + server.order(.setStartType("disabled", of: [server.service]))
        + server.order(.stop(server.service, within: nil))
        + rewound(Rewind.operations(of: copy, following: primary))
    case false where role == .replica: return try redirecting(copy, to: primary)
    case false: return try closing + starting(copy, following: primary)
    case nil:
      return [Operation(.untold("whether \(copy.subject) went its own way isn't known"))]
    }
  }
}
