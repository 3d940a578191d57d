public import Runbook

/// `database.accounts`
public struct DatabaseAccounts: Action {
  public static let schema = ActionSchema(
    name: "database.accounts",
    summary: "Check that Lifeboat's accounts get into a site's copy of a database",
    discussion: """
      The account that looks (`observe`) reads something. The one that changes things (`operate`) logs in and out again,
      and sends no statement that could change anything. Of a file: it is a database, and may be written to.

      A server that refuses an account is a finding; one that doesn't answer is "cannot tell".
      """,
    target: .databaseAtSite,
    effect: .checks,
    facts: [
      .init(observing, "`works`, or in which words the account that looks was refused"),
      .init(operating, "`works`, or in which words the account that changes things was refused"),
    ],
    example: """
      id: accounts-work
      action: database.accounts
      target: scheduler@dr
      """)

  private static let observing = "observing_account"
  private static let operating = "operating_account"
  private static let works = "works"

  private let copy: DatabaseCopy

  public init(_ arguments: Arguments) throws { copy = try arguments.databaseCopy() }

  public var destinations: [Destination] { [.reading(copy), .writing(copy)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    let copy = copy
    return Observation([
      try await fact(Self.observing) {
        try await observer.read(copy) { reader in _ = try reader.query("SELECT 1") }
      },
      try await fact(Self.operating) { try await observer.logIn(copy) },
    ])
  }

  private func fact(_ property: String, _ attempt: () async throws -> Void) async throws -> Fact {
    do {
      try await attempt()
      return Fact(copy.subject, property, .string(Self.works))
    } catch let error as ActionError where error.kind != .unreachable {
      return Fact(copy.subject, property, .string(error.description))
    } catch {
      return Fact(copy.subject, property, try Reading(gapFrom: error))
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    let accounts = [Self.observing, Self.operating]
    let refused = accounts.compactMap { observation[copy.subject, $0]?.string }
      .filter { $0 != Self.works }
    if !refused.isEmpty { return .needed(Set(refused).sorted().joined(separator: "; ")) }
    if let gap = observation.firstGap(accounts.map { FactKey(copy.subject, $0) }) {
      return .unknown(gap)
    }
    return .satisfied("both accounts get into \(copy.subject)")
  }
}
