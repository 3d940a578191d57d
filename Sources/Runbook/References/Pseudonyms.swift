/// Writes the roles that hosts and accounts have in an inventory in the place of their names and addresses, so that what was seen
/// at a site can be shown outside.
public struct Pseudonyms: Sendable {
  /// The longest first: a name may hold another.
  private var stands: [(name: String, role: String)] = []

  public init(_ inventory: Inventory) {
    for host in inventory.hosts {
      switch host.connection {
      case .local, .exec: break
      case .ssh(let settings):
        hide(settings.destination, as: host.id)
        hide(account: settings.user, of: host.id)
      case .winrm(let settings):
        hide(settings.address, as: host.id)
        hide(account: settings.user, of: host.id)
      }
      if let rest = host.rest {
        hide(rest.address, as: host.id)
        hide(account: rest.user, of: host.id)
        // By default it has the host's name.
        if let agent = rest.jobs?.localAgent { hide(agent, as: host.id) }
      }
    }
    for copy in inventory.copies {
      guard let server = copy.server else { continue }
      hide(server.address, as: copy.subject)
      hide(account: server.observer.user, of: copy.subject)
      hide(account: server.operator.user, of: copy.subject)
    }
    stands.sort { $0.name.count > $1.name.count }
  }

  /// The same text with the names that are known replaced: as they are written, in capitals or in small letters.
  public func hidden(_ text: String) -> String {
    stands.reduce(text) { text, stand in
      guard text.contains(stand.name) else { return text }
      var result = text
      for range in text.ranges(ofWholeName: stand.name).reversed() {
        result.replaceSubrange(range, with: stand.role)
      }
      return result
    }
  }

  private mutating func hide(_ address: String, as role: String) {
    // Such as every machine has for itself.
    guard !address.hasPrefix("127."), !["localhost", "::1"].contains(address) else { return }
    add(address, "‹\(role)›")
    let label = address.prefix { $0 != "." }
    guard label.count < address.count, label.contains(where: \.isLetter) else { return }
    add(String(label), "‹\(role)›")
  }

  private mutating func hide(account: String?, of role: String) {
    guard let account, account.count > 2 else { return }
    add(account, "‹account of \(role)›")
  }

  /// What has several roles has its first.
  private mutating func add(_ name: String, _ role: String) {
    for form in [name, name.lowercased(), name.uppercased()] where !form.isEmpty {
      if !stands.contains(where: { $0.name == form }) { stands.append((form, role)) }
    }
  }
}
