import Runbook

/// A query that holds when it returns at least one row whose first column is not 0, null, false or empty.
struct SQLCondition: WorldCondition {
  static let holds = "holds"

  let copy: DatabaseCopy
  let query: String

  init(_ query: String, of copy: DatabaseCopy) throws {
    try StatementKind.check(query, allowed: StatementKind.reading, in: copy.database.kind)
    self.query = query
    self.copy = copy
  }

  private var subject: String { "\(copy.subject): \(query)" }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      let condition = self
      let holds = try await observer.read(copy) { try condition.holds($0) }
      return [Fact(subject, Self.holds, .boolean(holds))]
    } catch {
      return [Fact(subject, Self.holds, try Reading(gapFrom: error))]
    }
  }

  func holds(_ reader: any SQLReader) throws -> Bool {
    try reader.query(SQLStatement(verbatim: query, in: copy)).contains { row in
      guard let value = row.columns.first?.value else { return false }
      return ![.null, .integer(0), .string(""), .string("0"), .string("0.0"), .boolean(false)]
        .contains(value)
    }
  }

  func judge(_ observation: Observation) -> ConditionFinding {
    switch observation[subject, Self.holds]?.boolean {
    case true: .met("in \(subject) holds")
    case false: .unmet("in \(subject) doesn't hold")
    case nil: .unknown(observation.gap(subject, Self.holds) ?? "it was not asked")
    }
  }

  var factsWhenMet: [Fact] { [Fact(subject, Self.holds, true)] }
}
