/// `replication.json` of a site: where its replicator ships to and where it looks.
struct ReplicationConfiguration: Codable, Equatable, Sendable {
  let site: String
  let partnerSite: String
  let databaseFile: String
  let outboxDirectory: String
  let partnerOutboxDirectory: String
  let partnerDatabaseFile: String
  let shipInterval: Interval
}
