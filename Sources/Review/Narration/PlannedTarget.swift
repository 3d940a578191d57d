import Journal

/// What a planned step is aimed at, as people write it: `dr.scheduler`, `scheduler`, `scheduler@dr`.
struct PlannedTarget: Decodable, Sendable {
  let text: String

  /// Of `dr.scheduler` and `scheduler@dr` what the plan's name of the host or of the database ends in.
  static func endOfName(in text: String) -> String {
    let name = text.prefix { $0 != "@" }
    return name.split(separator: ".").last.map(String.init) ?? ""
  }

  private struct Host: Decodable {
    let site: String
    let name: String
  }

  private struct Database: Decodable { let name: String }

  private enum CodingKeys: String, CodingKey { case host, database, site }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let host = try container.decodeIfPresent(Host.self, forKey: .host) {
      text = "\(host.site).\(host.name)"
      return
    }
    let database = try container.decode(Database.self, forKey: .database)
    let site = try container.decodeIfPresent(String.self, forKey: .site)
    text = database.name + (site.map { "@\($0)" } ?? "")
  }
}
