import Runbook

/// What a `StreamingReversal`, a `StreamingRejoin`, and the fencing of a copy would do, as far as the observation tells. Of the same pieces as
/// these.
struct StreamingOperations: Sendable {
  let observation: Observation

  // MARK: - Fencing

  func fencing(_ copy: DatabaseCopy) throws -> [Operation] {
    let server = try Server(copy)
    return server.run([ServerHost.markingStandby(server.installation)])
      + server.order(.setStartType("disabled", of: [server.service]))
      + server.order(.stop(server.service, within: nil))
  }

  // MARK: - Reversal

  func reversal(_ reversal: Reversal) throws -> [Operation] {
    let target = reversal.target
    let closing = try reversal.isGraceful ? [] : reversal.others.flatMap(closing)
    switch observation.role(of: target) {
    case .replica:
      let source = reversal.others.first(where: observation.isSource)
      let handingOver = try reversal.isGraceful ? handingOver(from: source, to: target) : []
      return try closing + preparing(reversal) + handingOver + promoting(target)
        + leading(reversal, closed: reversal.isGraceful ? source : nil)
    case .primary:
      return try closing + leading(reversal, closed: nil)
    default:
      return [Operation(.untold("how \(target.subject) is started again depends on what is found"))]
    }
  }

  /// Closes every primary that answers, and every stopped server that could become one.
  private func closing(_ copy: DatabaseCopy) throws -> [Operation] {
    switch observation.role(of: copy) {
    case .primary, .draining, .stopped: try fencing(copy)
    case .replica, .lost: []
    case nil: try fencing(copy).map { Operation($0.work, if: "it answers after all") }
    }
  }

  private func preparing(_ reversal: Reversal) throws -> [Operation] {
    let target = reversal.target
    var operations: [Operation] = []
    let names = observation[target.subject, StreamingState.synchronousNames]?.string ?? ""
    if reversal.intent.suspendsSynchronous, !names.isEmpty {
      operations += try SynchronousSuspension.suspending(names, at: target)
    }
    let followers = reversal.others.filter {
      reversal.isGraceful || observation.role(of: $0) == .replica
    }
    var statements = followers.map(ReplicationSlot.creation)
    if observation[target.subject, StreamingState.replayPaused]?.boolean == true {
      statements.append(StreamingReversal.resumption)
    }
    if delay(of: target) > 0 { statements += [StreamingReversal.delayEnd, StandbySettings.reload] }
    return operations + run(statements, in: target)
  }

  private func delay(of copy: DatabaseCopy) -> Int {
    observation[copy.subject, StreamingState.applyDelay]?.integer ?? 0
  }

  private func handingOver(
    from source: DatabaseCopy?, to target: DatabaseCopy
  ) throws -> [Operation] {
    guard let source else { return [] }
    let server = try Server(source)
    let mark = server.run([ServerHost.markingStandby(server.installation)])
    guard observation.role(of: source) == .primary else {
      // The end of its log may be missing: it is then started as a standby, to ship it.
      let shipping = mark + server.enabling + server.order(.start(server.service, within: nil))
      return shipping.map { Operation($0.work, if: "\(target.subject) lacks the end of its log") }
    }
    let settings = try StandbySettings(of: source, following: target).statements
    return run(settings + [StreamingReversal.checkpoint], in: source) + mark
      + server.order(.stop(server.service, within: nil))
  }

  private func promoting(_ target: DatabaseCopy) -> [Operation] {
    let delay = delay(of: target)
    let wake = Operation.Work.untold("wake \(target.subject) by pg_reload_conf")
    return run([Promotion.request], in: target) + [Operation(wake, if: "it is slow to hear of it")]
      + (delay > 0 ? run([StreamingReversal.delay(ofMilliseconds: delay)], in: target) : [])
  }

  // MARK: - The others

  /// `closed`: a source that will have been stopped in good order.
  private func leading(_ reversal: Reversal, closed: DatabaseCopy?) throws -> [Operation] {
    try reversal.others.flatMap { copy -> [Operation] in
      if observation.role(of: copy) == .replica {
        return try redirecting(copy, to: reversal.target) + dropping(copy, reversal)
      }
      let isDrained = observation[copy.subject, CopyFacts.drained]?.boolean == true
      let isStopped = observation.role(of: copy) == .stopped && isDrained && reversal.isGraceful
      guard copy == closed || isStopped else { return [] }
      let starting = try starting(copy, following: reversal.target)
      guard copy == closed, observation.role(of: copy) != .primary else {
        return starting + dropping(copy, reversal)
      }
      // One that was started to ship the end of its log runs.
      let redirecting = try redirecting(copy, to: reversal.target).map {
        Operation($0.work, if: "it was started to ship the end of its log")
      }
      return redirecting
        + starting.map { Operation($0.work, if: $0.condition ?? "it still is stopped") }
        + dropping(copy, reversal)
    }
  }

  func redirecting(_ copy: DatabaseCopy, to primary: DatabaseCopy) throws -> [Operation] {
    let settings = try StandbySettings(of: copy, following: primary).statements
    return run([ReplicationSlot.creation(for: copy)], in: primary)
      + run(settings + [StandbySettings.reload], in: copy)
  }

  func starting(_ copy: DatabaseCopy, following primary: DatabaseCopy) throws -> [Operation] {
    let server = try Server(copy)
    let settings = try StandbySettings(of: copy, following: primary)
      .values.map { "\($0.name) = '\($0.value)'" }.joined(separator: ", ")
    let file = "\(server.installation.dataDirectory)/postgresql.auto.conf"
    return run([ReplicationSlot.creation(for: copy)], in: primary)
      + [Operation(.untold("write \(file) of \(copy.host.id) with \(settings)"))]
      + server.run([ServerHost.markingStandby(server.installation)]) + server.enabling
      + server.order(.start(server.service, within: nil))
  }

  private func dropping(_ copy: DatabaseCopy, _ reversal: Reversal) -> [Operation] {
    let names = ReplicationSlot.kept(
      by: copy, for: [reversal.target] + reversal.others, observation)
    return run(names.map(ReplicationSlot.dropping), in: copy)
  }

  func run(_ statements: [SQLStatement], in copy: DatabaseCopy) -> [Operation] {
    statements.map { Operation(.statement($0, in: copy)) }
  }
}

extension StreamingOperations {
  /// A copy's server, as commands name it.
  struct Server {
    let host: Host
    let installation: DatabaseServer.Installation
    private let management: any ServiceManagement

    init(_ copy: DatabaseCopy) throws {
      host = copy.host
      installation = try copy.requiredServer().installation
      management = try copy.host.serviceManagement()
    }

    var service: String { installation.service }

    func run(_ commands: [Command]) -> [Operation] {
      commands.map { Operation(.command($0, on: host)) }
    }

    func order(_ order: ServiceOrder) -> [Operation] { run(management.commands(for: order)) }

    /// Ends what `disable` did.
    var enabling: [Operation] {
      order(.setStartType("automatic", of: [service])).map {
        Operation($0.work, if: "its service is disabled")
      }
    }
  }
}
