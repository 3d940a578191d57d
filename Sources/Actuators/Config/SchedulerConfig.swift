public import Runbook

/// `scheduler.config`
public struct SchedulerConfig: ActingAction {
  public static let schema = ActionSchema(
    name: "scheduler.config",
    summary: "Let a host's Failover.config name the two schedulers, their port and the interval",
    discussion: """
      The values are set in the file as it is; everything else in it is kept as it is written. It is replaced at once, what it was is
      kept beside it, with `.lifeboat-backup` at the end of its name, and when somebody else changes it meanwhile, nothing is written. A
      file that isn't there is made. One that lacks an element is not guessed at: the step is blocked.

      It must be the same on both schedulers: give each a step, with the same values. Its scheduler reads it when it starts.
      `scheduler.pair` and `lifeboat scheduler-config check` look at both.

      With an interval of less than 15 seconds the two would fight for the database on short faults of the network: that is
      not recommended.
      """,
    target: .host,
    parameters: [
      .init("primary", .string, required: true, "The primary's host name"),
      .init("secondary", .string, required: true, "The secondary's host name"),
      .init("port", .integer, default: "4773", "The port that the heartbeat goes to"),
      .init("interval", .integer, default: "60", "The seconds between two heartbeats"),
      .init(
        "file", .string, default: FailoverConfigFile.windowsPath,
        "The absolute path of the file on the host"),
    ],
    effect: .changes,
    worksAsPrecheck: true,
    reversibility: .reversible(by: "scheduler.config"),
    facts: FailoverConfigFile.notes,
    example: """
      id: failover-config
      action: scheduler.config
      target: dr.scheduler
      with: { primary: jams-1, secondary: jams-2, file: /etc/jobs/Failover.config }
      """)

  public static let defaultPort = 4773
  public static let defaultInterval = 60

  private let config: FailoverConfigFile
  private let wanted: [FailoverElement: String]

  public init(_ arguments: Arguments) throws {
    let step = arguments.step
    config = try FailoverConfigFile(
      on: try arguments.host(), path: arguments.string("file"), step: step)
    let primary = try arguments.requiredString("primary")
    let secondary = try arguments.requiredString("secondary")
    for name in [primary, secondary] where !HostName.isOne(name) {
      throw ActionError("config.host_name", "step \(step): '\(name)' can't be a host's name")
    }
    guard primary.lowercased() != secondary.lowercased() else {
      throw ActionError(
        "config.one_scheduler", "step \(step): primary and secondary are both '\(primary)'",
        advice: "a scheduler can't take over from itself: name the other one")
    }
    let port = arguments.integer("port") ?? Self.defaultPort
    guard (1...65_535).contains(port) else {
      throw ActionError("config.port", "step \(step): \(port) is no port")
    }
    let interval = arguments.integer("interval") ?? Self.defaultInterval
    guard (1...86_400).contains(interval) else {
      throw ActionError(
        "config.interval", "step \(step): an interval of \(interval) seconds is none",
        advice: "give 15 or more")
    }
    wanted = [
      .primary: primary, .secondary: secondary, .port: String(port), .interval: String(interval),
    ]
  }

  private var file: ConfigFile { config.file }

  public var destinations: [Destination] { [.host(config.host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await config.observe(observer).facts)
  }

  public func judge(_ observation: Observation) -> Verdict {
    let standing = "\(file.path) on \(config.host.id)"
    guard let state = observation[config.subject, FailoverConfigFile.state]?.string else {
      return .unknown(
        observation.gap(config.subject, FailoverConfigFile.state) ?? "it was not asked")
    }
    guard state == FailoverConfigFile.present else {
      return .needed("make \(standing), with \(words(FailoverElement.allCases))")
    }
    let lacking = FailoverElement.allCases.filter { config.value($0, in: observation) == nil }
    guard lacking.isEmpty else {
      return .blocked(
        "\(standing) has no \(lacking.map(\.rawValue).joined(separator: ", ")): put it right by hand, or take it away"
      )
    }
    let others = FailoverElement.allCases.filter {
      config.value($0, in: observation) != wanted[$0]
    }
    return others.isEmpty
      ? .satisfied("\(standing) has \(words(FailoverElement.allCases))")
      : .needed("set \(words(others)) in \(standing)")
  }

  private func words(_ elements: [FailoverElement]) -> String {
    elements.map { "\($0.rawValue) \(wanted[$0] ?? "")" }.joined(separator: ", ")
  }

  public func predict(_ observation: Observation) -> Observation? {
    Observation(config.facts(of: wanted, state: FailoverConfigFile.present))
  }

  public func operations(given observation: Observation) -> [Operation] {
    guard case .needed(let words) = judge(observation) else { return [] }
    let isThere =
      observation[config.subject, FailoverConfigFile.state]?.string == FailoverConfigFile.present
    return [
      Operation(.untold(words + (isThere ? ", and keep what it was as \(file.backup)" : "")))
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    guard try await file.isThere(`operator`.observer) else {
      try await file.make(FailoverElement.document(wanted, on: config.host), `operator`)
      return Evidence(["written": true])
    }
    let contents = try await file.read(`operator`.observer)
    var text = contents.text
    for element in FailoverElement.allCases {
      guard
        let replaced = try element.replaced(by: wanted[element] ?? "", in: text, file)
      else {
        throw ActionError(
          "config.no_value", "\(file.path) on \(config.host.id) has no \(element.rawValue)",
          advice: "see the file")
      }
      text = replaced
    }
    guard text != contents.text else { return Evidence(["written": false]) }
    try await file.replace(contents, by: text, `operator`)
    return Evidence(["written": true, "backup": .string(file.backup)])
  }

  /// A file that was made is not taken away again.
  public var undoability: Undoability { .exact(by: Self.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    var old: [String: Value] = ["file": .string(file.path)]
    var isSame = true
    for element in FailoverElement.allCases {
      guard let value = config.value(element, in: before) else { return nil }
      isSame = isSame && value == config.value(element, in: now)
      switch element {
      case .primary, .secondary: old[element.rawValue.lowercased()] = .string(value)
      case .port, .interval:
        // What is written otherwise, as with a zero before it, would not come back as it was.
        guard let number = Int(value), String(number) == value else { return nil }
        old[element.rawValue.lowercased()] = .integer(number)
      }
    }
    return isSame ? [] : [UndoStep(Self.schema.name, .host(config.host), old)]
  }
}
