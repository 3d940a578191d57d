/// Decodes the databases and paths of an inventory, which refer to its sites.
struct AcrossSitesDecoder {
  static let commonDatabaseKeys = [
    "kind", "replication", "primary", "failover_table", "guid_column",
    "heartbeat_column", "at",
  ]

  /// A file has no server, whose keys would be without effect.
  static func databaseKeys(_ kind: Database.Kind?) -> [String] {
    commonDatabaseKeys + (kind == .sqlite ? [] : ServerDecoder.databaseKeys)
  }

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
    guard let pairs = decoder.pairs(node, "a database: a mapping with the key 'kind'") else {
      return nil
    }
    let kind = pairs.first { $0.key == "kind" }
      .flatMap { decoder.choice($0.value, of: Database.Kind.self) }
    guard let record = decoder.record(node, keys: Self.databaseKeys(kind), "a database") else {
      return nil
    }
    _ = record.required("kind", hint: "as in kind: sqlite")
    guard let kind else { return nil }
    let replication = record["replication"].flatMap { self.replication($0, of: kind) }
    let at = record.required("at", hint: "where its copies are, by site")
    let placements = at.map { self.placements($0, of: kind, replication, record) } ?? [:]
    let primary = record.required("primary", hint: "the site that is primary in normal times")
      .flatMap { self.primary($0, copies: at) }
    let table = record["failover_table"].flatMap { decoder.nonEmptyString($0, "a table's name") }
    let column = record["guid_column"].flatMap { decoder.nonEmptyString($0, "a column's name") }
    let heartbeat = record["heartbeat_column"].flatMap {
      decoder.nonEmptyString($0, "a column's name")
    }
    guard let primary else { return nil }
    return Database(
      name: name, kind: kind, replication: replication, primary: primary,
      failoverTable: table ?? "Failover", guidColumn: column ?? "guid",
      heartbeatColumn: heartbeat, placements: placements)
  }

  private func replication(_ node: YAMLNode, of kind: Database.Kind) -> Database.Replication? {
    let own: [String] =
      switch kind {
      case .sqlite: []
      case .sqlserver: ["interval"]
      case .postgresql: ["user", "options"]
      case .mariadb: ["user", "password", "options"]
      }
    guard let record = decoder.record(node, keys: ["kind"] + own, "a replication") else {
      return nil
    }
    let words = kind.replications.map(\.rawValue)
    let word = record.required("kind", hint: "as in kind: \(words.first ?? "")")
      .flatMap { decoder.choice($0, words) }
      .flatMap(Database.Replication.Kind.init)
    var user: String?
    if own.contains("user") {
      user = record.required("user", hint: "the account that a replica logs in with")
        .flatMap { decoder.nonEmptyString($0, "an account") }
    }
    let password = own.contains("password") ? record["password"].flatMap(decoder.secret) : nil
    let options = record["options"].map(texts) ?? [:]
    guard let word, user != nil || !own.contains("user") else { return nil }
    let interval = record["interval"].flatMap(decoder.duration)
    if let node = record["interval"], word != .logShipping {
      decoder.diagnostics.error(
        .unknownKey, at: node.position, "only log_shipping has an interval",
        hint: "it says how often the jobs run that are made for it")
    }
    return Database.Replication(
      kind: word, user: user, password: password, options: options, interval: interval)
  }

  private func texts(_ node: YAMLNode) -> [String: String] {
    let pairs = decoder.pairs(node, "a mapping of words to texts") ?? []
    return Dictionary(
      pairs.compactMap { pair in decoder.string(pair.value).map { (pair.key, $0) } },
      uniquingKeysWith: { first, _ in first })
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

  private func placements(
    _ node: YAMLNode, of kind: Database.Kind, _ replication: Database.Replication?,
    _ database: RecordNode
  ) -> [String: Database.Placement] {
    let expected = kind == .sqlite ? "{ host, file }" : "{ host, address }"
    let pairs = decoder.pairs(node, "a mapping of sites to \(expected)") ?? []
    if pairs.isEmpty, case .mapping = node.content {
      decoder.diagnostics.error(.emptyList, at: node.position, "expected at least one copy")
    }
    var placements: [String: Database.Placement] = [:]
    for pair in pairs where knows(pair.key, at: pair.keyPosition) {
      guard let placement = placement(pair.value, site: pair.key, of: kind, replication, database)
      else {
        continue
      }
      if let other = placements.first(where: { isOne(placement, pair.key, $0.value, $0.key) }) {
        let what = kind == .sqlite ? "file" : "server"
        decoder.diagnostics.error(
          .sameFile, at: pair.value.position,
          "this copy is the same \(what) as the one of \(other.key)",
          hint: "each site has a copy of its own")
      }
      placements[pair.key] = placement
    }
    return placements
  }

  /// Two sites with one file or server have nothing to fail over to: truncating at one hits the other. Hosts that are
  /// reached in different ways may well use the same path for different files.
  private func isOne(
    _ left: Database.Placement, _ leftSite: String, _ right: Database.Placement, _ rightSite: String
  ) -> Bool {
    switch (left.location, right.location) {
    case (.file(let leftPath), .file(let rightPath)):
      guard leftPath == rightPath, let leftHost = host(named: left.host, of: leftSite),
        let rightHost = host(named: right.host, of: rightSite)
      else { return false }
      return leftHost.connection == rightHost.connection
    case (.server(let leftServer), .server(let rightServer)):
      return leftServer.address == rightServer.address && leftServer.port == rightServer.port
    default: return false
    }
  }

  private func host(named name: String, of site: String) -> Host? {
    sites.first { $0.name == site }?.hosts.first { $0.name == name }
  }

  private func placement(
    _ node: YAMLNode, site: String, of kind: Database.Kind, _ replication: Database.Replication?,
    _ database: RecordNode
  ) -> Database.Placement? {
    let server = ServerDecoder(
      decoder: decoder, kind: kind, replication: replication, database: database)
    let keys = kind == .sqlite ? ["host", "file"] : server.placementKeys
    guard let record = decoder.record(node, keys: keys, "a copy") else { return nil }
    let host = record.required("host", hint: "the host's name within its site")
      .flatMap { self.host($0, of: site) }
    let location: Database.Placement.Location? =
      if kind == .sqlite {
        record.required("file").flatMap(decoder.absolutePath).map { .file(path: $0) }
      } else {
        server.server(record).map { .server(settings: $0) }
      }
    guard let host, let location else { return nil }
    return Database.Placement(host: host, location: location)
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

  /// Groups of hosts. A group and a database can't have one name: a step's target names either.
  func groups(_ node: YAMLNode, besides databases: [Database]) -> [HostGroup] {
    (decoder.pairs(node, "a mapping of groups by name") ?? []).compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a group") else {
        return nil
      }
      if databases.contains(where: { $0.name == pair.key }) {
        decoder.diagnostics.error(
          .duplicate, at: pair.keyPosition, "a database is called \(Quoted.text(pair.key)) too",
          hint: "a step's target names one or the other: give the group another name")
      }
      let items = decoder.nonEmptyList(pair.value, "a list of hosts, as dr.agent-1") ?? []
      let ids = decoder.distinct(items, "the id of a host")
      for id in ids where !declared.ids.contains(id.text) {
        decoder.diagnostics.error(
          .unknownName, at: id.position, "there is no host \(Quoted.text(id.text))",
          hint: NearestWord.hint(for: id.text, in: declared.ids, called: "hosts"))
      }
      return HostGroup(name: pair.key, hosts: ids.map(\.text))
    }
  }
}
