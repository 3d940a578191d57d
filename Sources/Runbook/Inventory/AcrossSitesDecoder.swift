/// Decodes the databases and paths of an inventory, which refer to its sites.
struct AcrossSitesDecoder {
  static let databaseKeys = [
    "kind", "replication", "primary", "failover_table", "guid_column", "at",
  ]

  let decoder: NodeDecoder
  let declared: DeclaredHosts
  let sites: [Site]

  func databases(_ node: YAMLNode) -> [Database] {
    (decoder.pairs(node, "a mapping of databases by name") ?? []).compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a database") else {
        return nil
      }
      return database(pair.value, name: pair.key)
    }
  }

  private func database(_ node: YAMLNode, name: String) -> Database? {
    guard let record = decoder.record(node, keys: Self.databaseKeys, "a database") else {
      return nil
    }
    let kind = record.required("kind", hint: "as in kind: sqlite")
      .flatMap { decoder.choice($0, of: Database.Kind.self) }
    let replication = record["replication"].flatMap(self.replication)
    let at = record.required("at", hint: "where its copies are, by site")
    let placements = at.map(self.placements) ?? [:]
    let primary = record.required("primary", hint: "the site that is primary in normal times")
      .flatMap { self.primary($0, copies: at) }
    let table = record["failover_table"].flatMap { decoder.nonEmptyString($0, "a table's name") }
    let column = record["guid_column"].flatMap { decoder.nonEmptyString($0, "a column's name") }
    guard let kind, let primary else { return nil }
    return Database(
      name: name, kind: kind, replication: replication, primary: primary,
      failoverTable: table ?? "Failover", guidColumn: column ?? "guid", placements: placements)
  }

  private func replication(_ node: YAMLNode) -> Database.Replication? {
    decoder.record(node, keys: ["kind"], "a replication")?.required("kind")
      .flatMap { decoder.choice($0, of: Database.Replication.self) }
  }

  private func primary(_ node: YAMLNode, copies: YAMLNode?) -> String? {
    guard let site = decoder.string(node, "the name of a site"), knows(site, at: node.position)
    else { return nil }
    if case .mapping(let pairs)? = copies?.content, !pairs.contains(where: { $0.key == site }) {
      decoder.diagnostics.error(
        .unknownName, at: node.position, "the primary site \(Quoted.text(site)) has no copy",
        hint: "the copies under 'at' are at \(pairs.map(\.key).joined(separator: ", "))")
      return nil
    }
    return site
  }

  private func placements(_ node: YAMLNode) -> [String: Database.Placement] {
    let pairs = decoder.pairs(node, "a mapping of sites to { host, file }") ?? []
    if pairs.isEmpty, case .mapping = node.content {
      decoder.diagnostics.error(.emptyList, at: node.position, "expected at least one copy")
    }
    var placements: [String: Database.Placement] = [:]
    for pair in pairs where knows(pair.key, at: pair.keyPosition) {
      guard let placement = placement(pair.value, site: pair.key) else { continue }
      if let other = placements.first(where: { isOneFile(placement, pair.key, $0.value, $0.key) }) {
        decoder.diagnostics.error(
          .sameFile, at: pair.value.position,
          "this copy is the same file as the one of \(other.key)",
          hint: "each site has a copy of its own")
      }
      placements[pair.key] = placement
    }
    return placements
  }

  /// Two sites with one file have nothing to fail over to: truncating at one hits the other. Hosts
  /// that are reached in different ways may well use the same path for different files.
  private func isOneFile(
    _ left: Database.Placement, _ leftSite: String, _ right: Database.Placement, _ rightSite: String
  ) -> Bool {
    guard left.file == right.file, let leftHost = host(named: left.host, of: leftSite),
      let rightHost = host(named: right.host, of: rightSite)
    else { return false }
    return leftHost.connection == rightHost.connection
  }

  private func host(named name: String, of site: String) -> Host? {
    sites.first { $0.name == site }?.hosts.first { $0.name == name }
  }

  private func placement(_ node: YAMLNode, site: String) -> Database.Placement? {
    guard let record = decoder.record(node, keys: ["host", "file"], "a copy") else { return nil }
    let host = record.required("host", hint: "the host's name within its site")
      .flatMap { self.host($0, of: site) }
    let file = record.required("file").flatMap(decoder.absolutePath)
    guard let host, let file else { return nil }
    return Database.Placement(host: host, file: file)
  }

  private func host(_ node: YAMLNode, of site: String) -> String? {
    guard let host = decoder.string(node, "the name of a host") else { return nil }
    let known = declared.hosts[site] ?? []
    guard known.contains(host) else {
      decoder.diagnostics.error(
        .unknownName, at: node.position, "the site '\(site)' has no host \(Quoted.text(host))",
        hint: NearestWord.hint(for: host, in: known, called: "its hosts"))
      return nil
    }
    return host
  }

  private func knows(_ site: String, at position: SourcePosition) -> Bool {
    guard !declared.sites.contains(site) else { return true }
    decoder.diagnostics.error(
      .unknownName, at: position, "there is no site \(Quoted.text(site))",
      hint: NearestWord.hint(for: site, in: declared.sites, called: "sites"))
    return false
  }

  func paths(_ node: YAMLNode) -> [SharedPath] {
    (decoder.pairs(node, "a mapping of paths by name") ?? []).compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a path"),
        let record = decoder.record(pair.value, keys: ["at"], "a path"),
        let at = record.required("at", hint: "the directory on each host, as dr.scheduler: /logs")
      else { return nil }
      return SharedPath(name: pair.key, at: directories(at))
    }
  }

  private func directories(_ node: YAMLNode) -> [String: String] {
    var directories: [String: String] = [:]
    for pair in decoder.pairs(node, "a mapping of hosts to directories") ?? [] {
      if !declared.ids.contains(pair.key) {
        decoder.diagnostics.error(
          .unknownName, at: pair.keyPosition, "there is no host \(Quoted.text(pair.key))",
          hint: NearestWord.hint(for: pair.key, in: declared.ids, called: "hosts"))
      }
      directories[pair.key] = decoder.absolutePath(pair.value)
    }
    return directories
  }
}
