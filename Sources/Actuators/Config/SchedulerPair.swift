public import Runbook

/// `scheduler.pair`
public struct SchedulerPair: Action {
  public static let schema = ActionSchema(
    name: "scheduler.pair",
    summary: "Check that two schedulers agree on their failover, and reach one another",
    discussion: """
      Reads `Failover.config` on both hosts and checks that it is the same, that the names in it resolve on both, that each host reaches
      the other's port, and that the interval is 15 seconds or more: with less the two would fight for the database on short faults of
      the network, so that is a warning. A port where nothing listens just now is one too: the machine answers, and its scheduler may
      be stopped.

      The files are read without external entities, and up to 64 KiB. Looking connects to the port, says nothing and hangs up; from a
      Windows host by IPv4. `lifeboat scheduler-config check` shows each finding.
      """,
    target: .none,
    parameters: [
      .init("primary", .host, required: true, "The primary's host"),
      .init("secondary", .host, required: true, "The secondary's host"),
      .init(
        "file", .string, default: FailoverConfigFile.windowsPath,
        "The absolute path of Failover.config on both"),
      .init("secondary_file", .string, default: "as 'file'", "Where it is on the secondary"),
    ],
    effect: .checks,
    facts: FailoverConfigFile.notes + [
      .init(fingerprint, "a number that stands for all else in the text, whatever ends its lines"),
      .init(primaryAddresses, "the primary's name, and the addresses that it has there"),
      .init(secondaryAddresses, "the secondary's name, and the addresses that it has there"),
      .init(
        partner,
        "the other one's name and port, and how it answers: `open`, `refused`, `silent` or `failed`",
        motion: .moves),
    ],
    example: """
      id: pair
      action: scheduler.pair
      with: { primary: production.scheduler, secondary: dr.scheduler, file: /etc/jobs/Failover.config }
      """)

  static let fingerprint = "failover_fingerprint"
  static let primaryAddresses = "failover_primary_addresses"
  static let secondaryAddresses = "failover_secondary_addresses"
  static let partner = "failover_partner"

  /// One of the two: its file, and which of the names in it is the other's.
  struct Side: Sendable {
    let config: FailoverConfigFile
    let partner: FailoverElement

    var host: Host { config.host }
    var subject: String { config.subject }
  }

  let sides: [Side]

  public init(_ arguments: Arguments) throws {
    let step = arguments.step
    let primary = try arguments.host(named: arguments.requiredString("primary"))
    let secondary = try arguments.host(named: arguments.requiredString("secondary"))
    let file = arguments.string("file")
    sides = [
      Side(
        config: try FailoverConfigFile(on: primary, path: file, step: step), partner: .secondary),
      Side(
        config: try FailoverConfigFile(
          on: secondary, path: arguments.string("secondary_file") ?? file, step: step),
        partner: .primary),
    ]
    guard sides[0].subject != sides[1].subject else {
      throw ActionError(
        "config.one_scheduler", "step \(step): primary and secondary are one file of one host",
        advice: "name both schedulers' hosts")
    }
  }

  public var destinations: [Destination] { sides.map { .host($0.host) } }

  public var needs: [ProgramNeed] {
    sides.map(\.host).filter { !$0.isWindows }.flatMap { host in
      NetworkLook.programs.map { ProgramNeed($0, on: host) }
    }
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await sides.concurrentFacts { try await facts(of: $0, observer) })
  }

  private func facts(of side: Side, _ observer: any Observer) async throws -> [Fact] {
    let (facts, text) = try await side.config.observe(observer)
    let seen = Observation(facts)
    let look = NetworkLook(host: side.host)
    let lookups: [(property: String, element: FailoverElement)] = [
      (Self.primaryAddresses, .primary), (Self.secondaryAddresses, .secondary),
    ]
    var result = facts + [try fingerprint(of: text, side)]
    for (property, element) in lookups {
      let name = name(element, side, seen)
      result.append(
        Fact(
          side.subject, property,
          try await reading(of: name) {
            [
              "of": .string($0),
              "addresses": .list(try await look.addresses(of: $0, observer).map(Value.string)),
            ]
          }))
    }
    let port = side.config.value(.port, in: seen).flatMap { FailoverPair.port($0) }
    result.append(
      Fact(
        side.subject, Self.partner,
        try await reading(of: port == nil ? nil : name(side.partner, side, seen)) {
          [
            "of": .string(FailoverPair.place($0, port ?? 0)),
            "answer": .string(try await look.answer(of: $0, port: port ?? 0, observer).rawValue),
          ]
        }))
    return result
  }

  private func name(_ element: FailoverElement, _ side: Side, _ seen: Observation) -> String? {
    side.config.value(element, in: seen).flatMap { HostName.isOne($0) ? $0 : nil }
  }

  private func reading(
    of name: String?, _ look: (String) async throws -> Value
  ) async throws -> Reading {
    guard let name else { return .unknown("the file did not name it") }
    do { return .value(try await look(name)) } catch { return try Reading(gapFrom: error) }
  }

  /// Without the values, which a step before this one may set.
  private func fingerprint(of text: String?, _ side: Side) throws -> Fact {
    guard var rest = text else {
      return Fact(side.subject, Self.fingerprint, Reading.unknown("there is no text"))
    }
    for element in FailoverElement.allCases {
      rest = try element.replaced(by: "", in: rest, side.config.file) ?? rest
    }
    return Fact(
      side.subject, Self.fingerprint,
      .string(Fingerprint.of(rest.replacing("\r\n", with: "\n"))))
  }

  public func judge(_ observation: Observation) -> Verdict {
    let pair = FailoverPair(sides, observation)
    func words(_ level: PairFinding.Level) -> String? {
      let found = pair.findings.filter { $0.level == level }.map(\.words)
      return found.isEmpty ? nil : found.joined(separator: "; ")
    }
    if let problems = words(.problem) { return .blocked(problems) }
    if let gaps = words(.unknown) { return .unknown(gaps) }
    let takeover = pair.takeover.map { "; \($0.words)" } ?? ""
    let warnings = words(.warning).map { "; but \($0)" } ?? ""
    return .satisfied("the two schedulers agree, and reach one another\(takeover)\(warnings)")
  }

  /// What was found, one by one, and how soon the secondary takes over.
  public func report(_ observation: Observation) -> FailoverPair {
    FailoverPair(sides, observation)
  }
}
