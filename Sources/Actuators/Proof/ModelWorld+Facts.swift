import Runbook

/// The facts of schedulers and databases in an imagined world.
extension ModelWorld {
  // MARK: - Schedulers

  static func guid(of host: Host) -> String {
    if case .value(let guid) = host.guid { guid } else { "guid-of-\(host.id)" }
  }

  func guid(of host: Host) -> String { GUIDText.normalised(Self.guid(of: host)) }

  /// Whether any of the scheduler's services runs.
  func runs(_ host: Host) -> Bool {
    host.services.contains {
      self[host.subject(ofService: $0), FactName.serviceState] == "running"
    }
  }

  func runsWhole(_ host: Host) -> Bool {
    host.services.allSatisfy {
      self[host.subject(ofService: $0), FactName.serviceState] == "running"
    }
  }

  mutating func setServices(of host: Host, _ state: Value) {
    for service in host.services {
      self[host.subject(ofService: service), FactName.serviceState] = state
    }
  }

  mutating func losePower(at site: String, in inventory: Inventory) {
    outages[site] = .powerless
    for host in inventory.hosts where host.site == site { setServices(of: host, "stopped") }
  }

  // MARK: - Copies

  func role(of copy: DatabaseCopy) -> CopyRole? {
    self[copy.subject, FactName.role]?.string.flatMap(CopyRole.init(rawValue:))
  }

  func epoch(of copy: DatabaseCopy) -> Int? { self[copy.subject, FactName.epoch]?.integer }

  func isPrimary(_ copy: DatabaseCopy) -> Bool {
    role(of: copy) == .primary && self[copy.subject, CopyFacts.writable] != false
  }

  func guids(in copy: DatabaseCopy) -> [String]? {
    self[copy.subject, FactName.failoverRows]?.list?.map {
      GUIDText.normalised($0.mapping?[copy.database.guidColumn]?.description ?? "")
    }
  }

  mutating func setRows(of copy: DatabaseCopy, to guids: [String]) {
    self[copy.subject, FactName.failoverRows] = .list(
      guids.map { .mapping([copy.database.guidColumn: .string($0)]) })
  }

  /// What a copy says of itself at the beginning; what follows from its role is `follow`'s.
  mutating func begin(_ copy: DatabaseCopy, as role: CopyRole) {
    self[copy.subject, FactName.role] = .string(role.rawValue)
    self[copy.subject, CopyFacts.writable] = .boolean(role == .primary)
    self[copy.subject, Exposure.property] = 0
    self[copy.subject, FactName.asOf] = "2026-01-01T00:00:00Z"
    self[copy.subject, DatabaseFence.fenced] = false
    guard copy.database.replication != nil else { return }
    if copy.database.countsPromotions { self[copy.subject, FactName.epoch] = 1 }
    self[copy.subject, CopyFacts.lineage] = "one"
    switch copy.database.replication?.kind {
    case .logShipping, nil: break
    case .streaming:
      self[copy.subject, StreamingState.synchronousNames] = ""
      self[copy.subject, CopyFacts.idleSlots] = []
    case .mirroring:
      self[copy.subject, MirroringState.safetyFact] = "FULL"
    case .availabilityGroup:
      self[copy.subject, "availability_group"] = "group"
      self[copy.subject, AvailabilityState.modeFact] = "SYNCHRONOUS_COMMIT"
    case .gtid:
      self[copy.subject, GTIDServer.keepsLogFact] = true
      self[copy.subject, GTIDServer.binlogStateFact] = "0-1-1"
      self[copy.subject, GTIDServer.replicatedFact] = "0-1-1"
    }
  }

  /// What follows from a copy's role, given the primary that it has.
  mutating func follow(_ copy: DatabaseCopy, _ primary: DatabaseCopy?) {
    let role = role(of: copy)
    let subject = copy.subject
    self[subject, CopyFacts.drained] = false
    self[subject, CopyFacts.writable] = .boolean(role == .primary)
    let isRival = role == .primary && primary != nil && primary != copy
    self[subject, ReplicationRejoin.diverged] = .boolean(isRival)
    self[subject, ReplicationRejoin.unfinished] = false
    self[subject, ReplicationRejoin.leftOver] = []
    if copy.database.kind == .postgresql {
      self[subject, StreamingState.inRecovery] = .boolean(role == .replica)
    }
    // The server alone knows it.
    if role == .stopped, !copy.database.replicationFamily.keepsEpochAtHost {
      self[subject, FactName.epoch] = nil
    }
    let isFollowing = role == .replica && primary != nil && primary != copy
    followInSQLServer(copy, primary, isFollowing)
    guard isFollowing, let primary else {
      if copy.database.kind != .sqlite { self[subject, CopyFacts.streaming] = false }
      return
    }
    self[subject, FactName.failoverRows] = self[primary.subject, FactName.failoverRows]
    self[subject, Exposure.property] = 0
    if let epoch = epoch(of: primary) { self[subject, FactName.epoch] = .integer(epoch) }
    guard let server = primary.server else { return }
    self[subject, CopyFacts.streaming] = true
    if copy.database.replicationFamily.namesSource {
      self[subject, CopyFacts.source] = .string("\(server.address):\(server.port)")
    }
  }

  /// Partners that see each other are synchronized; the primary has nobody to wait for as long as its other copy isn't there.
  private mutating func followInSQLServer(
    _ copy: DatabaseCopy, _ primary: DatabaseCopy?, _ isFollowing: Bool
  ) {
    switch copy.database.replication?.kind {
    case .mirroring:
      self[copy.subject, MirroringState.stateFact] =
        primary == nil ? "DISCONNECTED" : "SYNCHRONIZED"
    case .availabilityGroup:
      self[copy.subject, AvailabilityState.readyFact] = .boolean(isFollowing)
    case .logShipping, .streaming, .gtid, nil: break
    }
  }
}

extension Database {
  /// Whether a copy says how often the line has been promoted.
  var countsPromotions: Bool {
    switch replication?.kind {
    case .gtid, .availabilityGroup: false
    case .logShipping: kind != .sqlserver
    case .streaming, .mirroring, nil: true
    }
  }
}

extension [Host] {
  /// Their sites, each once, in their order.
  var sites: [String] {
    reduce(into: []) { sites, host in
      if !sites.contains(host.site) { sites.append(host.site) }
    }
  }
}
