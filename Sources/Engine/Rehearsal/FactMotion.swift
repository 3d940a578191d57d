import Journal
import Runbook

/// What of a fact's value counts when it is compared with another: without what moves by itself.
struct FactMotion: Sendable {
  let catalogue: ActionCatalogue
  let inventory: Inventory

  /// Nil when all of it moves by itself.
  func settled(
    _ value: JSON, _ property: String, of subject: String, statedBy action: String
  ) -> JSON? {
    switch motion(property, statedBy: action) {
    case .stays: value
    case .moves: nil
    case .columnsMove(let columns): value.without(columns)
    case .heartbeatsMove: value.without(heartbeats(of: subject))
    }
  }

  func motion(_ property: String, statedBy action: String) -> ActionSchema.Motion {
    catalogue[action]?.schema.facts.first { $0.name == property }?.motion ?? .stays
  }

  /// The heartbeat's column of a copy's database, as `scheduler@dr` names it.
  private func heartbeats(of copy: String) -> [String] {
    let name = String(copy.prefix { $0 != "@" })
    return [inventory.database(name)?.heartbeatColumn].compactMap(\.self)
  }
}

extension JSON {
  /// Of a list of rows, without these columns.
  fileprivate func without(_ columns: [String]) -> JSON {
    guard case .array(let rows) = self else { return self }
    return .array(
      rows.map { row in
        guard case .object(let members) = row else { return row }
        return .object(members.filter { !columns.contains($0.key) })
      })
  }
}
