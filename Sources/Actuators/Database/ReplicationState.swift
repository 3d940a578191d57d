import Runbook

/// The role of a copy, as facts spell it.
enum CopyRole: String, Sendable {
  /// Takes changes.
  case primary
  /// Still the source, but read-only: its last changes are on their way.
  case draining
  case replica
  /// The file is gone or is no intact database: it can't take changes, and has none to give.
  case lost
}

/// How far a copy is. Positions rise within an epoch; every promotion begins a new epoch.
struct ReplicationState: Sendable, Equatable {
  let role: CopyRole
  let epoch: Int
  let position: Int
  /// RFC 3339: everything that the primary had committed until then is in the copy.
  let asOf: String
  /// On a draining source: the position that holds all that was written before, once it has been shipped.
  let drainedPosition: Int?

  /// Everything that was written before draining has been shipped.
  var isDrained: Bool { role == .draining && drainedPosition == position }

  /// A database that isn't replicated has one copy, which is its primary.
  static let unreplicated = ReplicationState(
    role: .primary, epoch: 1, position: 0, asOf: "", drainedPosition: nil)

  static func read(_ reader: any SQLReader, of database: Database) throws -> ReplicationState {
    switch database.replication {
    case nil: return .unreplicated
    case .logShipping:
      let rows = try reader.query(
        "SELECT role, epoch, position, as_of, drained_position FROM replication_state")
      guard rows.count == 1, let state = ReplicationState(rows[0]) else {
        throw ActionError(
          "replication.state", "\(database.name): replication_state has no readable single row",
          advice: "see whether this is the database that the inventory means")
      }
      return state
    }
  }

  private init(
    role: CopyRole, epoch: Int, position: Int, asOf: String, drainedPosition: Int?
  ) {
    self.role = role
    self.epoch = epoch
    self.position = position
    self.asOf = asOf
    self.drainedPosition = drainedPosition
  }

  private init?(_ row: SQLRow) {
    guard let role = row["role"]?.string.flatMap(CopyRole.init(rawValue:)),
      let epoch = row["epoch"]?.integer, let position = row["position"]?.integer,
      let asOf = row["as_of"]?.string
    else { return nil }
    self.init(
      role: role, epoch: epoch, position: position, asOf: asOf,
      drainedPosition: row["drained_position"]?.integer)
  }
}

/// What one look at a copy gives: its role, and how far it is.
struct CopyFacts: Sendable {
  /// Whether all that a draining source held has been shipped; false in every other role.
  static let drained = "drained"
  static let properties = [
    FactName.role, FactName.epoch, FactName.position, FactName.asOf, drained,
  ]
  /// For the schemas of actions that state these facts of several copies.
  static let notes: [ActionSchema.Note] = [
    .init(FactName.role, "of each copy: primary, draining, replica, or lost (its file is gone)"),
    .init(FactName.epoch, "of each copy: rises by one with each promotion"),
    .init(FactName.position, "of each copy: how far it has come in the primary's log"),
    .init(FactName.asOf, "of each copy: all that was committed until then is in it"),
    .init(drained, "of each copy: its last changes have been shipped"),
  ]

  let copy: DatabaseCopy

  /// Facts about the copy, and those that `more` makes from the same transaction.
  func observe(
    _ observer: any Observer,
    and more: @escaping @Sendable (any SQLReader) throws -> [Fact] = { _ in [] },
    gapsIn otherProperties: [String] = []
  ) async throws -> [Fact] {
    let copy = copy
    do {
      return try await observer.read(copy) { reader in
        let state = try ReplicationState.read(reader, of: copy.database)
        return Self.facts(state, of: copy) + (try more(reader))
      }
    } catch {
      return try gaps(error, in: Self.properties + otherProperties)
    }
  }

  private static func facts(_ state: ReplicationState, of copy: DatabaseCopy) -> [Fact] {
    let role = Fact(copy.subject, FactName.role, .string(state.role.rawValue))
    guard copy.database.replication != nil else { return [role] }
    return [
      role,
      Fact(copy.subject, FactName.epoch, .integer(state.epoch)),
      Fact(copy.subject, FactName.position, .integer(state.position)),
      Fact(copy.subject, FactName.asOf, .string(state.asOf)),
      Fact(copy.subject, drained, .boolean(state.isDrained)),
    ]
  }

  private func gaps(_ error: any Error, in properties: [String]) throws -> [Fact] {
    let gap = try Reading(gapFrom: error)
    let lost = [DatabaseErrorCode.missing, DatabaseErrorCode.corrupt]
    let isLost = (error as? ActionError).map { lost.contains($0.code) } ?? false
    return properties.map { property in
      property == FactName.role && isLost
        ? Fact(copy.subject, property, .string(CopyRole.lost.rawValue))
        : Fact(copy.subject, property, gap)
    }
  }
}

extension Observation {
  func role(of copy: DatabaseCopy) -> CopyRole? {
    self[copy.subject, FactName.role]?.string.flatMap(CopyRole.init(rawValue:))
  }

  func epoch(of copy: DatabaseCopy) -> Int? { self[copy.subject, FactName.epoch]?.integer }

  func position(of copy: DatabaseCopy) -> Int? { self[copy.subject, FactName.position]?.integer }
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
