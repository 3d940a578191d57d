/// An agent, which takes its work from a scheduler: one file a site says where that site's scheduler is, and the one
/// without a site's name counts.
struct AgentContent {
  let lab: MachineLab

  private static let directory = "/etc/lab-agent"

  func entries() -> [ContentEntry] {
    [.directory(Self.directory), scheduler("scheduler", at: .production)]
      + SiteName.allCases.map { scheduler("scheduler.\($0)", at: $0) }
  }

  private func scheduler(_ file: String, at site: SiteName) -> ContentEntry {
    .file("\(Self.directory)/\(file)", "\(lab.machine(site, .scheduler).name)\n")
  }
}
