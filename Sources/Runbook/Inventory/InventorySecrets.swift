extension Inventory {
  /// The references to secrets in it, each once.
  public var secrets: [SecretReference] {
    var seen: Set<SecretReference> = []
    let ofDatabases = databases.flatMap { database -> [SecretReference?] in
      let servers = database.placements.values.map(\.location).flatMap { location in
        if case .server(let settings) = location {
          [settings.observer.password, settings.operator.password]
        } else {
          [SecretReference?]()
        }
      }
      return [database.replication?.password] + servers
    }
    let ofWitnesses = witnesses.map { witness -> SecretReference? in
      if case .http(_, let authorization) = witness.place { authorization } else { nil }
    }
    let ofHosts = hosts.flatMap { host -> [SecretReference?] in
      if case .winrm(let settings) = host.connection {
        [settings.password, host.rest?.password]
      } else {
        [host.rest?.password]
      }
    }
    return (ofDatabases + ofHosts + ofWitnesses).compactMap(\.self).filter {
      seen.insert($0).inserted
    }
    .sorted { $0.description < $1.description }
  }
}
