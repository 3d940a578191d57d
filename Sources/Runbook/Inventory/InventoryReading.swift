extension Inventory {
  /// Reads `sites.yaml`.
  /// - Throws: everything that is wrong with it.
  public init(reading source: SourceText) throws(Diagnostics) {
    let collector = DiagnosticCollector(file: source.file, area: .inventory)
    guard let inventory = Inventory.read(source, into: collector), !collector.hasErrors else {
      throw collector.diagnostics
    }
    self = inventory
  }

  /// The inventory, complete only when nothing was reported.
  static func read(_ source: SourceText, into collector: DiagnosticCollector) -> Inventory? {
    guard let root = YAMLReader().read(source.bytes, into: collector) else { return nil }
    return InventoryDecoder(decoder: NodeDecoder(diagnostics: collector)).inventory(root)
  }
}

/// Decodes an inventory: sites first, then what lies across them.
struct InventoryDecoder {
  static let keys = ["sites", "databases", "paths", "groups", "witnesses", "people"]
  static let siteKeys = ["hosts", "settings"]
  static let peopleKeys = ["allowed_signers"]

  let decoder: NodeDecoder

  func inventory(_ root: YAMLNode) -> Inventory? {
    guard let record = decoder.record(root, keys: Self.keys, "an inventory") else { return nil }
    let sitesNode = record.required("sites")
    let declared = DeclaredHosts(sites: sitesNode)
    let sites = sitesNode.flatMap(self.sites) ?? []
    let across = AcrossSitesDecoder(decoder: decoder, declared: declared, sites: sites)
    let databases = record["databases"].map(across.databases) ?? []
    let inventory = Inventory(
      sites: sites, databases: databases, paths: record["paths"].map(across.paths) ?? [],
      groups: record["groups"].map { across.groups($0, besides: databases) } ?? [],
      witnesses: record["witnesses"].map(WitnessDecoder(decoder: decoder).witnesses) ?? [],
      allowedSigners: record["people"].flatMap(allowedSigners))
    DrillPlaceCheck(inventory: inventory, sites: sitesNode, diagnostics: decoder.diagnostics)
      .report()
    return inventory
  }

  private func allowedSigners(_ node: YAMLNode) -> String? {
    decoder.record(node, keys: Self.peopleKeys, "the people")?
      .required("allowed_signers", hint: "a file in OpenSSH's format of that name, on this machine")
      .flatMap(decoder.absolutePath)
  }

  private func sites(_ node: YAMLNode) -> [Site]? {
    guard let pairs = decoder.pairs(node, "a mapping of sites by name") else { return nil }
    if pairs.isEmpty {
      decoder.diagnostics.error(.emptyList, at: node.position, "expected at least one site")
    }
    var firstUse: [String: (host: String, position: SourcePosition)] = [:]
    return pairs.compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a site"),
        let record = decoder.record(pair.value, keys: Self.siteKeys, "a site"),
        let hosts = record.required("hosts")
      else { return nil }
      return Site(
        name: pair.key, hosts: self.hosts(hosts, of: pair.key, guids: &firstUse),
        settings: record["settings"].map(settings))
    }
  }

  private func settings(_ node: YAMLNode) -> [String: String] {
    let pairs = decoder.pairs(node, "a mapping of texts by name") ?? []
    let settings = pairs.compactMap { pair -> (String, String)? in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a setting"),
        let text = decoder.string(pair.value)
      else { return nil }
      return (pair.key, text)
    }
    return Dictionary(settings, uniquingKeysWith: { first, _ in first })
  }

  private func hosts(
    _ node: YAMLNode, of site: String,
    guids: inout [String: (host: String, position: SourcePosition)]
  ) -> [Host] {
    guard let pairs = decoder.pairs(node, "a mapping of hosts by name") else { return [] }
    if pairs.isEmpty {
      decoder.diagnostics.error(.emptyList, at: node.position, "expected at least one host")
    }
    return pairs.compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a host"),
        let host = HostDecoder(decoder: decoder).host(pair.value, site: site, name: pair.key)
      else { return nil }
      check(host, at: pair.keyPosition, against: &guids)
      return host
    }
  }

  /// Two hosts with one GUID could both believe to be in control.
  private func check(
    _ host: Host, at position: SourcePosition,
    against guids: inout [String: (host: String, position: SourcePosition)]
  ) {
    guard case .value(let guid)? = host.guid else { return }
    if let first = guids[guid.lowercased()] {
      decoder.diagnostics.error(
        .sameGUID, at: position,
        "\(host.id) has the GUID of \(first.host) (line \(first.position.line))",
        hint: "each scheduler has a GUID of its own, in its Server.config")
    } else {
      guids[guid.lowercased()] = (host.id, position)
    }
  }
}

/// The sites and hosts that are written down, decoded or not: a host with a fault is no unknown host.
struct DeclaredHosts {
  let hosts: [String: [String]]
  let sites: [String]
  let ids: [String]

  init(sites: YAMLNode?) {
    guard case .mapping(let sites)? = sites?.content else {
      (hosts, self.sites, ids) = ([:], [], [])
      return
    }
    hosts = Dictionary(uniqueKeysWithValues: sites.map { ($0.key, Self.hosts(of: $0.value)) })
    self.sites = sites.map(\.key)
    ids = sites.flatMap { site in Self.hosts(of: site.value).map { "\(site.key).\($0)" } }
  }

  private static func hosts(of site: YAMLNode) -> [String] {
    guard case .mapping(let keys) = site.content,
      case .mapping(let hosts)? = keys.first(where: { $0.key == "hosts" })?.value.content
    else { return [] }
    return hosts.map(\.key)
  }
}
