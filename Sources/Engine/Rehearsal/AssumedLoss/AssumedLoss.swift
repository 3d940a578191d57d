public import Runbook

/// Sites that a rehearsal takes for lost. That is an assumption: nothing there is asked, whether it would answer or not.
public struct AssumedLoss: Sendable {
  public let sites: [String]
  private(set) var names: LostNames
  /// By host: how this machine's ssh client gets to it.
  private(set) var routes: [String: SSHRoute] = [:]
  let sources: PlanSources

  /// `sources`: what the plan was made of, for saying where it points at these sites.
  public init(of sites: Set<String>, in plan: Plan, from sources: PlanSources) {
    self.sites = sites.sorted()
    names = LostNames(of: sites, in: plan.inventory)
    self.sources = sources
  }

  /// The same, knowing what this machine's ssh client says of its ways to the plan's hosts. `observer` is asked for nothing
  /// but that.
  public func knowingRoutes(
    in inventory: Inventory, from observer: any Observer
  ) async throws -> AssumedLoss {
    var result = self
    for host in inventory.hosts {
      guard case .ssh(let settings) = host.connection,
        let route = try await SSHRoute.read(to: settings, observer)
      else { continue }
      if names.sites.contains(host.site) {
        result.names = result.names.knowing(route.address, asAddressOf: host.id)
      } else {
        result.routes[host.id] = route
      }
    }
    return result
  }

  /// By which lost host or address a surviving host is reached; nil when it is reached without.
  func way(to host: Host) -> String? {
    let hops = routes[host.id]?.hops ?? []
    return names.way(to: host)
      ?? hops.lazy.compactMap { names.mention(in: $0) }.first { $0.kind != .site }?.meaning
  }

  /// `production`, or `dr and production`
  var spoken: String { sites.joined(separator: " and ") }

  func check(_ host: Host) throws {
    if names.sites.contains(host.site) { throw assumed("host \(host.id)") }
    if let way = way(to: host) { throw assumed("host \(host.id), reached through \(way),") }
  }

  func check(_ copy: DatabaseCopy) throws {
    if names.sites.contains(copy.site) { throw assumed(copy.subject) }
    guard let server = copy.server else { return try check(copy.host) }
    if let mention = names.mention(in: server.address), mention.kind == .address {
      throw assumed("\(copy.subject), whose address is \(mention.meaning),")
    }
  }

  func check(url: String) throws {
    if let mention = names.mention(in: url), mention.kind == .address {
      throw assumed("\(url), which is at \(mention.meaning),")
    }
  }

  private func assumed(_ what: String) -> ActionError {
    ActionError(
      "site.assumed_lost", "\(what) was not asked: \(spoken) is taken for lost, by --assume-lost",
      kind: .unreachable)
  }
}

/// The world without the sites that are taken for lost: whoever asks there is told that nobody answers.
struct WorldAfterLoss: ObservableWorld {
  let base: any ObservableWorld
  let loss: AssumedLoss

  func makeObserver() -> any Observer {
    ObserverAfterLoss(base: base.makeObserver(), loss: loss)
  }

  func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    ProbeFilesAfterLoss(base: base.makeProbeFileWriter(token: token), loss: loss)
  }
}

private struct ObserverAfterLoss: Observer {
  let base: any Observer
  let loss: AssumedLoss

  var time: any TimeSource { base.time }

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    try loss.check(host)
    return try await base.run(command, on: host)
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    try loss.check(database)
    return try await base.read(database, body)
  }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse {
    try loss.check(url: request.url)
    return try await base.fetch(request)
  }

  func logIn(_ database: DatabaseCopy) async throws {
    try loss.check(database)
    try await base.logIn(database)
  }
}

private struct ProbeFilesAfterLoss: ProbeFileWriter {
  let base: any ProbeFileWriter
  let loss: AssumedLoss

  var token: String { base.token }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    try loss.check(host)
    try await base.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    try loss.check(host)
    try await base.removeProbeFile(name, in: directory, on: host)
  }
}
