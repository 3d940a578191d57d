import Runbook

/// What a drill's scheduler, and the server of its copy, could reach, as seen from where they run.
struct DrillIsolation: Sendable {
  static let interfaces = "network_interfaces"
  static let writablePaths = "writable_paths"
  static let unitsOutside = "units_outside"
  static let notes: [ActionSchema.Note] = [
    .init(interfaces, "the network interfaces that there are where the drill's scheduler runs"),
    .init(
      writablePaths,
      "directories, database files and data directories of the inventory that can be written to there"
    ),
    .init(
      unitsOutside,
      "where the copy has a server: the drill's units that run, or would run, in another network or as another account"
    ),
  ]
  static let note = ActionSchema.Note(
    "is-isolated",
    "a drill's scheduler reaches no agent, no other host and no file that is real")

  /// There in every network, and leads nowhere.
  private static let loopback = "lo"

  let host: Host
  let paths: [String]

  init(of host: Host, in inventory: Inventory) {
    self.host = host
    let data = inventory.copies.map(\.placement.location.path)
    let directories = inventory.paths.flatMap { path in
      path.at.filter { $0.key != host.id }.map(\.value)
    }
    paths = Set(data + directories).sorted()
  }

  private var server: DrillServer? { host.drill?.server }

  private var properties: [String] {
    [Self.interfaces, Self.writablePaths] + (server == nil ? [] : [Self.unitsOutside])
  }

  // MARK: - Looking

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      async let names = interfaces(observer)
      async let writable = writable(observer)
      async let outside = unitsOutside(observer)
      var facts = [
        fact(Self.interfaces, try await names), fact(Self.writablePaths, try await writable),
      ]
      if let outside = try await outside { facts.append(fact(Self.unitsOutside, outside)) }
      return facts
    } catch {
      let gap = try Reading(gapFrom: error)
      return properties.map { Fact(host.id, $0, gap) }
    }
  }

  private func fact(_ property: String, _ names: [String]) -> Fact {
    Fact(host.id, property, .list(names.map(Value.string)))
  }

  private func interfaces(_ observer: any Observer) async throws -> [String] {
    let result = try await observer.run(.networkInterfaces, on: host)
    let lines = result.standardOutput.split(separator: "\n")
    // Two lines of headings, then `name: numbers`.
    let names = lines.dropFirst(2).compactMap { line in
      line.split(separator: ":").first.map { $0.filter { !$0.isWhitespace } }
    }
    guard result.exitCode == 0, lines.count >= 2 else {
      throw ActionError(
        "drill.interfaces",
        "the network interfaces of \(host.id) can't be read: \(result.standardError)")
    }
    return names
  }

  private func writable(_ observer: any Observer) async throws -> [String] {
    var writable: [String] = []
    for path in paths {
      let test = ReadOnlyCommand.isWritable(path, as: server?.account)
      if try await observer.run(test, on: host).exitCode == 0 { writable.append(path) }
    }
    return writable
  }

  /// Nil where the copy is a file: then what runs there is in the host's own network, which was looked at.
  private func unitsOutside(_ observer: any Observer) async throws -> [String]? {
    guard let server else { return nil }
    // An inventory demands systemd of such a host; no other manager says where it runs what it starts.
    guard host.serviceManager == .systemd else { return [] }
    let units = host.drillServices
    let result = try await observer.run(.showIsolation(of: units), on: host)
    let shown = SystemdUnit.units(in: result.standardOutput)
    guard result.exitCode == 0, shown.count == units.count else {
      throw ActionError(
        "drill.units",
        "systemd of \(host.id) doesn't say where the drill's units run: "
          + result.standardError)
    }
    guard let inside = try await network("/proc/self/ns/net", observer) else {
      throw ActionError("drill.units", "\(host.id) doesn't say which network commands see there")
    }
    var outside: [String] = []
    for (name, unit) in zip(units, shown) {
      if let why = try await wayOut(of: unit, as: server.account, inside, observer) {
        outside.append("\(name) \(why)")
      }
    }
    return outside
  }

  /// What lets a unit out, in words that follow its name; nil when nothing does.
  private func wayOut(
    of unit: SystemdUnit, as account: String, _ inside: String, _ observer: any Observer
  ) async throws -> String? {
    guard unit.loadState == "loaded" else { return "is no unit there (\(unit.loadState))" }
    guard unit.account == account else {
      return "runs as \(unit.account.isEmpty ? "root" : unit.account), and not as \(account)"
    }
    guard !unit.networkNamespace.isEmpty else {
      return "has the machine's network, for want of a NetworkNamespacePath"
    }
    guard try await network(unit.networkNamespace, observer) == inside else {
      return "has the network \(unit.networkNamespace), which is another"
    }
    guard let process = unit.mainProcess else { return nil }
    return try await network("/proc/\(process)/ns/net", observer) == inside
      ? nil : "was started in another network"
  }

  /// What tells a network namespace from all others; nil when there is none at the path.
  private func network(_ path: String, _ observer: any Observer) async throws -> String? {
    let status = try await observer.run(.status(ofFile: path), on: host)
    let fields = status.standardOutput.split(separator: "|").map { $0.filter { !$0.isNewline } }
    guard status.exitCode == 0, fields.count == 7 else { return nil }
    return "\(fields[5])|\(fields[6])"
  }

  // MARK: - Judging

  /// Nil when it is isolated. A connection that is tried and fails would prove nothing: an agent may be down.
  func leak(_ observation: Observation) -> Reading? {
    for property in properties {
      if let gap = observation.gap(host.id, property) { return .unknown(gap) }
    }
    let ways = names(Self.interfaces, observation).filter { $0 != Self.loopback }
    if !ways.isEmpty {
      return .value(
        .string("\(host.id) has the network interfaces \(ways.joined(separator: ", "))"))
    }
    let paths = names(Self.writablePaths, observation)
    if !paths.isEmpty {
      return .value(.string("\(host.id) can write to \(paths.joined(separator: ", "))"))
    }
    let units = names(Self.unitsOutside, observation)
    if !units.isEmpty { return .value(.string("on \(host.id) " + units.joined(separator: "; "))) }
    return nil
  }

  private func names(_ property: String, _ observation: Observation) -> [String] {
    observation[host.id, property]?.list?.compactMap(\.string) ?? []
  }

  func makeGuard() -> Guard {
    Guard(Self.note.name, demand: "what runs on \(host.id) reaches nothing that is real") {
      switch leak($0) {
      case nil: .holds
      case .value(let why)?: .violated(why.string ?? "it is not isolated")
      case .unknown(let why)?, .unreachable(let why)?: .unknown(why)
      }
    }
  }
}
