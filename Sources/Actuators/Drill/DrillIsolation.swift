import Runbook

/// What a drill's scheduler could reach, as seen from where it runs.
struct DrillIsolation: Sendable {
  static let interfaces = "network_interfaces"
  static let writablePaths = "writable_paths"
  static let notes: [ActionSchema.Note] = [
    .init(interfaces, "the network interfaces that there are where the drill's scheduler runs"),
    .init(
      writablePaths, "directories and database files of the inventory that can be written to there"),
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
    let files = inventory.copies.compactMap { copy in
      if case .file(let path) = copy.placement.location { path } else { nil }
    }
    let directories = inventory.paths.flatMap { path in
      path.at.filter { $0.key != host.id }.map(\.value)
    }
    paths = Set(files + directories).sorted()
  }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      let writable = try await writable(observer)
      return [
        Fact(host.id, Self.interfaces, .list(try await interfaces(observer).map(Value.string))),
        Fact(host.id, Self.writablePaths, .list(writable.map(Value.string))),
      ]
    } catch {
      let gap = try Reading(gapFrom: error)
      return [Self.interfaces, Self.writablePaths].map { Fact(host.id, $0, gap) }
    }
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
    for path in paths where try await observer.run(.isWritable(path), on: host).exitCode == 0 {
      writable.append(path)
    }
    return writable
  }

  /// Nil when it is isolated. A connection that is tried and fails would prove nothing: an agent may be down.
  func leak(_ observation: Observation) -> Reading? {
    for property in [Self.interfaces, Self.writablePaths] {
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
