import Runbook

/// What one look at a copy gives: its role, and how far it is.
struct CopyFacts: Sendable {
  /// Whether all that a draining source held has been shipped; false in every other role.
  static let drained = "drained"
  static let writable = "writable"
  static let streaming = "streaming"
  static let shipping = "shipping"
  static let source = "source"
  static let lineage = "lineage"
  static let idleSlots = "idle_slots"
  static let properties = [
    FactName.role, FactName.epoch, FactName.position, FactName.asOf, drained, writable, streaming,
    shipping, source, lineage, idleSlots,
  ]
  /// For the schemas of actions that state these facts of several copies.
  static let notes: [ActionSchema.Note] = {
    let families: [any ReplicationFamily] = [
      StreamingReplication(), GTIDReplication(), Mirroring(), AvailabilityGroup(),
      SQLServerLogShipping(),
    ]
    return shared + families.flatMap(\.details)
  }()
  private static let shared: [ActionSchema.Note] = [
    .init(
      FactName.role,
      "of each copy: primary, draining, replica, stopped (its server doesn't run), or lost (its file is gone)"
    ),
    .init(FactName.epoch, "of each copy: rises by one with each promotion"),
    .init(
      FactName.position, "of each copy: how far it has come in the primary's log", motion: .moves),
    .init(
      FactName.asOf, "of each copy: all that was committed until then is in it", motion: .moves),
    .init(drained, "of each copy: its last changes have been shipped"),
    .init(writable, "of each copy: takes changes now"),
    .init(streaming, "of each replica: receives from its source at this moment"),
    .init(
      shipping,
      "of each primary: its log is sent on to others, where the kind of replication can be switched off"
    ),
    .init(source, "of each replica that streams: from where, as `address:port`"),
    .init(
      lineage,
      "of each copy: the same in all copies of one database, where the kind has such a mark"),
    .init(
      idleSlots, "of each copy: the replication slots that hold its log for nobody who is connected"
    ),
  ]

  let copy: DatabaseCopy

  private var family: any ReplicationFamily { copy.database.replicationFamily }

  /// Facts about the copy, and those that `more` makes from the same transaction.
  func observe(
    _ observer: any Observer,
    and more: @escaping @Sendable (any SQLReader) throws -> [Fact] = { _ in [] },
    gapsIn otherProperties: [String] = []
  ) async throws -> [Fact] {
    let (copy, family) = (copy, family)
    do {
      let (state, rest) = try await observer.read(copy) { reader in
        let state = try family.state(reader, of: copy)
        guard let why = state.unreadable else { return (state, try more(reader)) }
        return (state, otherProperties.map { Fact(copy.subject, $0, .unknown(why)) })
      }
      return Self.facts(try await family.completed(state, of: copy, observer), of: copy) + rest
    } catch {
      return try await withoutServer(error, observer, otherProperties)
    }
  }

  private static func facts(_ state: CopyState, of copy: DatabaseCopy) -> [Fact] {
    let values: [(String, Value?)] =
      [
        (FactName.role, .string(state.role.rawValue)),
        (FactName.epoch, state.epoch.map(Value.integer)),
        (FactName.position, state.position.map(Value.integer)),
        (FactName.asOf, state.asOf.map(Value.string)),
        (drained, state.isDrained.map(Value.boolean)),
        (writable, state.isWritable.map(Value.boolean)),
        (streaming, state.isStreaming.map(Value.boolean)),
        (shipping, state.isShipping.map(Value.boolean)),
        (source, state.source.map(Value.string)),
        (lineage, state.lineage.map(Value.string)),
        (idleSlots, state.idleSlots.map { .list($0.map(Value.string)) }),
      ] + state.details.sorted { $0.key < $1.key }.map { ($0.key, Optional($0.value)) }
    return values.compactMap { name, value in value.map { Fact(copy.subject, name, $0) } }
  }

  /// The server doesn't answer. Its host may still tell what it is; of the rest the error is the gap.
  private func withoutServer(
    _ error: any Error, _ observer: any Observer, _ otherProperties: [String]
  ) async throws -> [Fact] {
    let gap = try Reading(gapFrom: error)
    let known: [Fact] =
      if let error = error as? ActionError,
        let state = try await family.stateFromHost(of: copy, after: error, observer)
      { Self.facts(state, of: copy) } else { [] }
    let all = Self.properties + family.details.map(\.name) + otherProperties
    let names = Set(known.map(\.key.property))
    return known + all.filter { !names.contains($0) }.map { Fact(copy.subject, $0, gap) }
  }
}

extension Observation {
  func role(of copy: DatabaseCopy) -> CopyRole? {
    self[copy.subject, FactName.role]?.string.flatMap(CopyRole.init(rawValue:))
  }

  func epoch(of copy: DatabaseCopy) -> Int? { self[copy.subject, FactName.epoch]?.integer }

  func position(of copy: DatabaseCopy) -> Int? { self[copy.subject, FactName.position]?.integer }

  /// The copy takes changes, or ships its last ones.
  func isServing(_ copy: DatabaseCopy) -> Bool {
    role(of: copy) == .primary || role(of: copy) == .draining
  }

  /// `former` was the primary, runs as a standby since, and `target` gets the end of its log from it: it receives from nobody
  /// itself, but perhaps from `target`.
  func isEndShipped(from former: DatabaseCopy, to target: DatabaseCopy) -> Bool {
    guard role(of: former) == .replica, role(of: target) == .replica,
      self[former.subject, StreamingState.inRecovery]?.boolean == true,
      self[target.subject, CopyFacts.streaming]?.boolean == true
    else { return false }
    let isFree = self[former.subject, CopyFacts.streaming]?.boolean == false
    return receives(target, from: former) && (isFree || receives(former, from: target))
  }

  /// As `isEndShipped`, and nothing of it is missing.
  func hasAll(_ target: DatabaseCopy, of former: DatabaseCopy) -> Bool {
    guard isEndShipped(from: former, to: target), let own = position(of: target),
      let last = position(of: former)
    else { return false }
    return own >= last
  }

  private func receives(_ copy: DatabaseCopy, from other: DatabaseCopy) -> Bool {
    guard case .server(let settings) = other.placement.location else { return false }
    return self[copy.subject, CopyFacts.source]?.string == "\(settings.address):\(settings.port)"
  }

  /// The copy has the last changes: it is the primary, or was when it was stopped in good order.
  func isSource(_ copy: DatabaseCopy) -> Bool {
    isServing(copy)
      || role(of: copy) == .stopped && self[copy.subject, CopyFacts.drained]?.boolean == true
  }
}

extension Evidence {
  mutating func add(_ other: Evidence) { details.merge(other.details) { _, last in last } }
}

/// Only the primary takes changes.
struct PrimaryGuard {
  static let note = ActionSchema.Note(
    "database-is-primary", "the copy is the primary, so it takes changes")

  let copy: DatabaseCopy

  func make() -> Guard {
    Guard(Self.note.name, demand: "\(copy.subject) is the primary") { observation in
      guard let role = observation.role(of: copy) else {
        let why = observation.gap(copy.subject, FactName.role)
        return .unknown(
          "the role of \(copy.subject) can't be told: \(why ?? "it is a new word")")
      }
      return role == .primary ? .holds : .violated("\(copy.subject) is \(role.rawValue)")
    }
  }
}
