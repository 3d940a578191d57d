/// Holds the hosts of an inventory that are there for drills to what keeps a drill off everything real.
struct DrillPlaceCheck {
  let inventory: Inventory
  /// Under `sites`: says where each host is written.
  let sites: YAMLNode?
  let diagnostics: DiagnosticCollector

  func report() {
    for host in inventory.hosts {
      guard let drill = host.drill else { continue }
      reportDatabase(drill, of: host)
      reportDirectory(drill, of: host)
      if inventory.databases.contains(where: { $0.placements[host.site]?.host == host.name }) {
        error(.badValue, host, "a drill's host serves a copy of a database", "place it elsewhere")
      }
    }
  }

  private func reportDatabase(_ drill: DrillPlace, of host: Host) {
    guard let database = inventory.database(drill.database) else {
      return error(
        .unknownName, host, "there is no database \(Quoted.text(drill.database)) to copy",
        NearestWord.hint(
          for: drill.database, in: inventory.databases.map(\.name), called: "databases"))
    }
    if database.placements[host.site] == nil {
      error(
        .badValue, host, "\(database.name) has no copy at \(host.site) that a drill could copy",
        "a drill's host belongs to the site that takes over")
    }
    if database.kind != .sqlite {
      error(
        .badValue, host, "drills of \(database.kind.rawValue) are not possible yet",
        "leave 'drill' out")
    }
  }

  /// All that is in the directory is removed at a drill's end.
  private func reportDirectory(_ drill: DrillPlace, of host: Host) {
    let files = inventory.databases.flatMap(\.placements.values).compactMap { placement in
      if case .file(let path) = placement.location { path } else { nil }
    }
    let directories = inventory.paths.flatMap { path in
      path.at.filter { $0.key != host.id }.map(\.value)
    }
    for path in files + directories where isInside(path, drill.directory) {
      error(
        .badValue, host, "the drill's directory, \(Quoted.text(drill.directory)), holds \(path)",
        "give it a directory of its own: it is removed when the drill ends")
    }
  }

  private func isInside(_ path: String, _ directory: String) -> Bool {
    path == directory || path.hasPrefix(directory.hasSuffix("/") ? directory : directory + "/")
  }

  private func error(
    _ word: DiagnosticCode.Word, _ host: Host, _ message: String, _ hint: String
  ) {
    let node = sites?["hosts", under: host.site]?[host.name]
    diagnostics.error(word, at: node?["drill"]?.position ?? node?.position, message, hint: hint)
  }
}

extension YAMLNode {
  fileprivate subscript(key: String) -> YAMLNode? {
    guard case .mapping(let pairs) = content else { return nil }
    return pairs.first { $0.key == key }?.value
  }

  fileprivate subscript(key: String, under first: String) -> YAMLNode? { self[first]?[key] }
}
