public import Runbook

/// `hosts_file.entry`
public struct HostsFileEntry: ActingAction {
  public static let schema = ActionSchema(
    name: "hosts_file.entry",
    summary: "Let a name have one address in a host's hosts file",
    discussion: """
      The name gets this address and no other: it is taken out of other lines, whose other names and comments stay. The file is
      replaced at once, what it was is kept beside it, with `.lifeboat-backup` at the end of its name, and when somebody else
      changes it meanwhile, nothing is written.

      It is `/etc/hosts`, and `C:\\Windows\\System32\\drivers\\etc\\hosts` of a Windows host. Programs that run may keep what they
      have looked up before.
      """,
    target: .host,
    parameters: [
      .init("name", .string, required: true, "The name"),
      .init("address", .string, required: true, "Its address, of either version of IP"),
      .init("file", .string, default: "the system's own", "The absolute path of another file"),
    ],
    effect: .changes,
    worksAsPrecheck: true,
    reversibility: .reversible(by: "hosts_file.entry"),
    facts: [.init(addresses, "the addresses that the name has there")],
    example: """
      id: database-is-at-dr
      action: hosts_file.entry
      target: dr.scheduler
      with: { name: db.example, address: 192.0.2.17 }
      """)

  private static let addresses = "hosts_file_addresses"

  private let file: ConfigFile
  private let name: String
  private let address: String

  public init(_ arguments: Arguments) throws {
    let host = try arguments.host()
    let own = host.isWindows ? #"C:\Windows\System32\drivers\etc\hosts"# : "/etc/hosts"
    file = ConfigFile(
      host: host,
      path: try ConfigPath.check(arguments.string("file") ?? own, step: arguments.step))
    name = try arguments.requiredString("name")
    address = try arguments.requiredString("address")
    guard HostName.isOne(name) else {
      throw ActionError(
        "hosts_file.name", "step \(arguments.step): '\(name)' can't be a host's name")
    }
    guard HostsFile.packed(address) != nil else {
      throw ActionError(
        "hosts_file.address", "step \(arguments.step): '\(address)' is no address",
        advice: "write one as 192.0.2.17 or 2001:db8::17")
    }
  }

  private var host: Host { file.host }
  private var key: FactKey { FactKey("hosts-file:\(file.path)@\(host.id)/\(name)", Self.addresses) }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    do {
      let seen = HostsFile(text: try await file.read(observer).text).addresses(of: name)
      return Observation([Fact(key.subject, key.property, .list(seen.map(Value.string)))])
    } catch {
      return Observation([Fact(key.subject, key.property, try Reading(gapFrom: error))])
    }
  }

  private func seen(_ observation: Observation) -> [String]? {
    observation[key.subject, key.property]?.list?.compactMap(\.string)
  }

  private func isRight(_ addresses: [String]) -> Bool {
    addresses.count == 1 && HostsFile.areSame(addresses[0], address)
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let seen = seen(observation) else {
      return .unknown(observation.gap(key.subject, key.property) ?? "it was not asked")
    }
    if isRight(seen) { return .satisfied("\(name) is \(address) in \(file.path) on \(host.id)") }
    let before = seen.isEmpty ? "missing" : seen.joined(separator: ", ")
    return .needed("set \(name), which is \(before), to \(address) in \(file.path) on \(host.id)")
  }

  /// The address as it is written there, where it stands already beside others.
  public func predict(_ observation: Observation) -> Observation? {
    let kept = seen(observation)?.first { HostsFile.areSame($0, address) }
    var result = Observation()
    result.state(key.subject, key.property, .list([.string(kept ?? address)]))
    return result
  }

  public func operations(given observation: Observation) -> [Operation] {
    guard let seen = seen(observation), !isRight(seen) else { return [] }
    return [
      Operation(
        .untold(
          "writes \(file.path) on \(host.id) with \(name) as \(address) alone, and keeps what it was as "
            + file.backup))
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let contents = try await file.read(`operator`.observer)
    let hosts = HostsFile(text: contents.text)
    guard !isRight(hosts.addresses(of: name)) else { return Evidence(["written": false]) }
    try await file.replace(contents, by: hosts.setting(name, to: address), `operator`)
    return Evidence(["written": true, "backup": .string(file.backup)])
  }

  /// A name that had no address, or several, would need more than this action does.
  public var undoability: Undoability { .exact(by: Self.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    guard let old = seen(before) else { return nil }
    if old == seen(now) { return [] }
    guard old.count == 1 else { return nil }
    return [
      UndoStep(
        Self.schema.name, .host(host),
        ["name": .string(name), "address": .string(old[0]), "file": .string(file.path)])
    ]
  }
}
