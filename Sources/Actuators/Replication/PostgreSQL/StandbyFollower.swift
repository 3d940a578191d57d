import Runbook

/// Makes a copy stream from a primary.
struct StandbyFollower: Sendable {
  let copy: DatabaseCopy
  let primary: DatabaseCopy
  let timeout: Duration
  let `operator`: any Operator

  /// A standby that runs is told where its primary is now.
  func redirect() async throws {
    let copy = copy
    let settings = try StandbySettings(of: copy, following: primary)
    try await ensureSlot()
    try await `operator`.session(copy) { writer in
      try settings.set(by: writer)
      try writer.call(StandbySettings.reload)
    }
  }

  /// A server that was stopped becomes a standby.
  func start() async throws {
    let host = try ServerHost(copy, by: `operator`)
    try await ensureSlot()
    try await host.configure(try StandbySettings(of: copy, following: primary))
    try await host.markStandby()
    try await host.enable()
    try await host.start()
  }

  /// On the primary's own timeline: a standby first streams the end of the one before it.
  func waitUntilStreaming() async throws {
    let (primary, place) = (primary, try primary.serverPlace)
    let timeline = try await `operator`.observer.read(primary) {
      try StreamingState.read($0, of: primary).epoch
    }
    _ = try await ServerHost(copy, by: `operator`).wait(
      for: "streaming from \(place)", within: timeout
    ) { state in
      guard state.role == .replica else {
        throw ActionError(
          ServerHost.givenUp, "it is \(state.role.rawValue)", advice: "see the log of its server")
      }
      return state.isStreaming == true && state.source == place && state.epoch == timeline
    }
  }

  /// The slots that the copy kept for others when it was the primary: they would fill its disk.
  func dropIdleSlots(of copies: [DatabaseCopy], given observation: Observation) async throws
    -> [String]
  {
    let names = ReplicationSlot.kept(by: copy, for: copies, observation)
    return try await `operator`.session(copy) { try ReplicationSlot.dropIdle(names, by: $0) }
  }

  func ensureSlot() async throws {
    let copy = copy
    try await `operator`.session(primary) { try ReplicationSlot.ensure(for: [copy], by: $0) }
  }
}

extension DatabaseCopy {
  /// Where its server is, as a standby names its source.
  var serverPlace: String {
    get throws {
      let server = try requiredServer()
      return "\(server.address):\(server.port)"
    }
  }
}
