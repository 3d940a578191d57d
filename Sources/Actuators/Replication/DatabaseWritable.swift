public import Runbook

/// `database.writable`
public struct DatabaseWritable: Action {
  public static let schema = ActionSchema(
    name: "database.writable",
    summary: "Check whether a site's copy of a database takes changes",
    discussion: """
      The server is asked, and nothing is written: whether it is in recovery or a replica, and whether it was set to
      read-only. A full disk, or a permission that is missing, this doesn't show.

      PostgreSQL: a database that was set to `default_transaction_read_only` isn't writable either. The setting in the
      server's file is seen when the observing account may execute `pg_show_all_file_settings`.
      """,
    target: .databaseAtSite,
    parameters: [
      .init("expect", .boolean, default: "true", "Whether it is to take changes, or to take none")
    ],
    effect: .checks,
    facts: CopyFacts.notes,
    example: """
      id: dr-writable
      action: database.writable
      target: scheduler@dr
      with: { expect: true }
      """)

  private let copy: DatabaseCopy
  private let isExpected: Bool

  public init(_ arguments: Arguments) throws {
    copy = try arguments.databaseCopy()
    isExpected = arguments.boolean("expect") ?? true
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await CopyFacts(copy: copy).observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let isWritable = observation[copy.subject, CopyFacts.writable]?.boolean else {
      return .unknown(
        observation.gap(copy.subject, CopyFacts.writable) ?? "\(copy.subject) was not asked")
    }
    let finding = "\(copy.subject) takes \(isWritable ? "changes" : "no changes")"
    return isWritable == isExpected ? .satisfied(finding) : .needed(finding)
  }
}
