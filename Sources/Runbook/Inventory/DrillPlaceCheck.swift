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
      reportServices(of: host)
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
    guard let copied = inventory.copy(of: database, at: host.site) else {
      return error(
        .badValue, host, "\(database.name) has no copy at \(host.site) that a drill could copy",
        "a drill's host belongs to the site that takes over")
    }
    switch (database.kind, drill.server) {
    case (.mariadb, _), (.sqlserver, _):
      error(
        .badValue, host, "drills of \(database.kind.rawValue) are not possible",
        "leave 'drill' out")
    case (.sqlite, nil): break
    case (.sqlite, _?):
      error(.badValue, host, "\(database.name) is a file, which has no server", "remove 'server'")
    case (.postgresql, nil):
      error(
        .missingKey, host, "a drill of postgresql needs the key 'server': what serves the copy",
        "as server: { address: …, port: 5433, service: …, account: … }")
    case (.postgresql, let server?): reportServer(server, of: host, copying: copied)
    }
  }

  /// The copy is made of the replica's on the same machine, and is served there in a network of its own by an account of its own.
  private func reportServer(_ server: DrillServer, of host: Host, copying copied: DatabaseCopy) {
    if host.connection != copied.host.connection {
      error(
        .badValue, host, "\(host.id) is not reached as \(copied.host.id), whose replica it copies",
        "a drill of postgresql takes place on the replica's machine: give both one 'connection'")
    }
    if host.inside == nil {
      error(
        .missingKey, host, "a drill of postgresql needs the host's key 'inside': what isolates it",
        "as inside: [nsenter, --net=/run/netns/lifeboat-drill, --]")
    }
    if host.serviceManager != nil, host.serviceManager != .systemd {
      error(
        .badValue, host, "a drill of postgresql needs systemd, which says where its units run",
        "as service_manager: { kind: systemd }")
    }
    let real = inventory.databases.flatMap(\.placements.values).compactMap { placement in
      if case .server(let settings) = placement.location { settings } else { nil }
    }
    if real.contains(where: { $0.address == server.address && $0.port == server.port }) {
      error(
        .badValue, host, "\(server.address):\(server.port) is a real server",
        "give the drill's server a port of its own")
    }
    let accounts = ["root"] + (copied.server.map { [$0.installation.account] } ?? [])
    if accounts.contains(server.account) {
      error(
        .badValue, host, "the account \(Quoted.text(server.account)) can write what is real",
        "give the drill an account of its own")
    }
  }

  /// What ends a drill must stop nothing else.
  private func reportServices(of host: Host) {
    guard host.serviceManager == .systemd else { return }
    let others = inventory.hosts.filter { $0.id != host.id && $0.connection == host.connection }
    let servers = inventory.databases.flatMap { database in
      others.compactMap { other -> String? in
        guard let placement = database.placements[other.site], placement.host == other.name,
          case .server(let settings) = placement.location
        else { return nil }
        return settings.installation.service
      }
    }
    let taken = Set((others.flatMap(\.drillServices) + servers).map(unit))
    for service in host.drillServices where taken.contains(unit(service)) {
      error(
        .badValue, host, "\(Quoted.text(service)) is a service of another host on the same machine",
        "a drill has services of its own: they are stopped when it ends")
    }
  }

  private func unit(_ service: String) -> String {
    service.hasSuffix(".service") ? service : "\(service).service"
  }

  /// All that is in the directory is removed at a drill's end.
  private func reportDirectory(_ drill: DrillPlace, of host: Host) {
    let files = inventory.databases.flatMap(\.placements.values).map { $0.location.path }
    let directories = inventory.paths.flatMap { path in
      path.at.filter { $0.key != host.id }.map(\.value)
    }
    for path in files + directories {
      if isInside(path, drill.directory) {
        error(
          .badValue, host, "the drill's directory, \(Quoted.text(drill.directory)), holds \(path)",
          "give it a directory of its own: it is removed when the drill ends")
      } else if drill.server != nil, isInside(drill.directory, path) {
        error(
          .badValue, host, "the drill's directory, \(Quoted.text(drill.directory)), is in \(path)",
          "give it a directory where the drill's account can write nothing else")
      }
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
