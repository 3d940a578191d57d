/// By which words a text names sites that are taken for lost, or what is there: the ids and addresses of their hosts, the
/// addresses of their databases, the GUIDs of their schedulers.
public struct LostNames: Sendable {
  /// What a text names.
  public struct Mention: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
      case host, address, guid
      /// Only the site's name, within a path or an address: it says where the thing probably is.
      case site
    }

    public let kind: Kind
    /// In words: "the address of scheduler@production".
    public let meaning: String
  }

  private struct Name: Sendable {
    let word: String
    let mention: Mention
  }

  public let sites: Set<String>
  private var names: [Name]
  /// What enters a host by a program: the whole prefix.
  private let entrances: [(host: String, prefix: [String])]

  public init(of sites: Set<String>, in inventory: Inventory) {
    self.sites = sites
    let hosts = inventory.hosts.filter { sites.contains($0.site) }
    let copies = inventory.databases.flatMap { database in
      sites.sorted().compactMap { inventory.copy(of: database, at: $0) }
    }
    names =
      hosts.flatMap(Self.names)
      + copies.compactMap { copy in
        copy.server.flatMap { Self.address($0.address, of: copy.subject) }
      } + Self.settings(of: sites, in: inventory)
    entrances = hosts.compactMap { host in
      if case .exec(let prefix) = host.connection { (host.id, prefix) } else { nil }
    }
  }

  /// Names and addresses that a runbook takes from a lost site's settings, as the one under which agents know its scheduler. What a
  /// surviving site has too leads to that as well.
  private static func settings(of sites: Set<String>, in inventory: Inventory) -> [Name] {
    let surviving = inventory.sites.filter { !sites.contains($0.name) }
    let shared = Set(surviving.flatMap { ($0.settings ?? [:]).values.map { $0.lowercased() } })
    return inventory.sites.filter { sites.contains($0.name) }.flatMap { site in
      (site.settings ?? [:]).sorted { $0.key < $1.key }.compactMap { key, text in
        let isPlace = text.contains(".") || text.contains(":")
        guard isPlace, !text.contains(where: \.isWhitespace), !shared.contains(text.lowercased())
        else { return nil }
        return address(text, of: "\(site.name), by its setting '\(key)'")
      }
    }
  }

  private static func names(of host: Host) -> [Name] {
    var names = [
      Name(
        word: host.id.lowercased(), mention: Mention(kind: .host, meaning: "the host \(host.id)"))
    ]
    let address: String? =
      switch host.connection {
      case .ssh(let settings): settings.destination
      case .winrm(let settings): settings.address
      case .local, .exec: nil
      }
    names += [address, host.rest?.address].compactMap { address in
      address.flatMap { Self.address($0, of: host.id) }
    }
    if case .value(let guid)? = host.guid {
      names.append(
        Name(
          word: GUIDText.normalised(guid),
          mention: Mention(kind: .guid, meaning: "the GUID of \(host.id)")))
    }
    return names
  }

  /// Nil of an address that every machine has for itself.
  private static func address(_ text: String, of owner: String) -> Name? {
    let word = text.lowercased()
    let isOwn = word.hasPrefix("127.") || ["localhost", "::1", "0.0.0.0"].contains(word)
    return isOwn
      ? nil : Name(word: word, mention: Mention(kind: .address, meaning: "the address of \(owner)"))
  }

  /// Knows one more address of a lost host.
  public func knowing(_ text: String, asAddressOf owner: String) -> LostNames {
    guard let name = Self.address(text, of: owner) else { return self }
    var result = self
    result.names.append(name)
    return result
  }

  /// What `text` names of the lost sites; nil when it names nothing of them. `isPlace`: the text says where something is,
  /// also when it doesn't look like it.
  public func mention(in text: String, isPlace: Bool = false) -> Mention? {
    let text = text.lowercased()
    if let name = names.first(where: { !text.ranges(ofWholeName: $0.word).isEmpty }) {
      return name.mention
    }
    guard isPlace || text.contains(where: { "/.:".contains($0) }) else { return nil }
    return sites.sorted().first { text.hasLabel($0.lowercased()) }
      .map { Mention(kind: .site, meaning: "a place of the name \($0)") }
  }

  /// The lost host through which such a prefix leads; nil when it leads through none.
  public func entrance(in prefix: [String]) -> String? {
    entrances.first { $0.prefix.count <= prefix.count && prefix.contains($0.prefix) }?.host
  }

  /// Whether the host is at a lost site, or is reached only through one; then by which host or address.
  public func way(to host: Host) -> String? {
    switch host.connection {
    case .local: nil
    case .exec(let prefix):
      entrance(in: prefix)
        ?? prefix.lazy.compactMap({ mention(in: $0) }).first { $0.kind != .site }?.meaning
    case .ssh(let settings): way(byAddress: settings.destination)
    case .winrm(let settings): way(byAddress: settings.address)
    }
  }

  private func way(byAddress address: String) -> String? {
    mention(in: address).flatMap { $0.kind == .site ? nil : $0.meaning }
  }
}

extension String {
  /// Whether a word stands there between others: `production` in `/mnt/production-logs`.
  fileprivate func hasLabel(_ label: String) -> Bool {
    ranges(of: label).contains { range in
      let around = [self[..<range.lowerBound].last, self[range.upperBound...].first]
      return around.allSatisfy { character in
        character.map { !$0.isLetter && !$0.isNumber && $0 != "_" } ?? true
      }
    }
  }
}
