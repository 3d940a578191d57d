public import Runbook

/// `fence.command`
public struct FenceCommand: ActingAction, FencingAction {
  public static let schema = ActionSchema(
    name: "fence.command",
    summary: "Fence a host from outside: cut its power, stop its virtual machine, close its port",
    discussion: """
      Fencing makes a host harmless that can't be asked: its scheduler can't run any more, whatever the host believes. The
      target is the host that is fenced. The command runs on another one, `on`, or on the machine that Lifeboat runs on.

      Success is seen and not believed: `verify` says how, and doesn't ask the fenced host. Exactly one of `command` (a
      read-only one, where the fencing command runs; it exits with 0 when the host is fenced, with 1 when it is not),
      `http` (an answer to GET) and `service` (a service's state, as that of a virtual machine's unit on its hypervisor).

      While the host can't be asked, a verified fence satisfies the guards that demand its scheduler to be stopped. It is
      looked at again each time that such a guard is checked. A host that answers is asked itself: fenced or not, services
      that are seen to run are running.

      `state: unfenced` is the way back, with a command that lifts the fence and the same `verify`.
      """,
    target: .host,
    parameters: [
      .init("command", .list(.string), required: true, "The program and its arguments"),
      .init("on", .host, default: "this machine", "The host that the command runs on"),
      .init(
        "verify",
        .record([
          .init("command", .list(.string), "A read-only command; 0 is fenced, 1 is not"),
          .init("http", .record(HTTPCondition.fields), "An answer to GET that says so"),
          .init(
            "service",
            .record([
              .init("host", .host, required: true, "Where"),
              .init("service", .service, required: true, "Which"),
              .init(
                "state", .choice(["running", "stopped"]), required: true, "Its state when fenced"),
            ]), "A service's state that says so"),
        ]), required: true,
        why: "a fence that nobody saw is none: two schedulers could run one table of jobs",
        "How to see, without asking the host, that it is fenced"),
      .init(
        "state", .choice(["fenced", "unfenced"]), default: "fenced", "What the command brings about"
      ),
      .init(
        "repeatable", .boolean, default: "false", "Whether it may be run again after it was cut off"
      ),
    ],
    effect: .changes,
    isOpaque: true,
    isRepeatable: false,
    reversibility: .reversible(by: "fence.command"),
    facts: [
      .init(FactName.fenced, "of the target: whether it is fenced"),
      .init(CommandCondition.exitCode, "verify by command: its exit code"),
      .init(HTTPCondition.status, "verify by http: of the answer"),
      .init(HTTPCondition.contains, "verify by http: whether the body contains the text"),
      .init(FactName.serviceState, "verify by service: its state"),
      .init(FactName.startType, "verify by service: automatic, manual or disabled"),
    ],
    example: """
      id: cut-power
      action: fence.command
      target: production.scheduler
      with:
        command: [/usr/local/sbin/power-switch, "off", outlet-7]
        verify: { http: { url: "http://power-switch.example/outlet-7", contains: "off" } }
      approval: { prompt: Cut the power of production's scheduler? }
      """)

  private let target: Host
  private let device: Host
  private let command: Command
  private let condition: any WorldCondition
  private let wantsFenced: Bool
  public let isRepeatable: Bool

  public init(_ arguments: Arguments) throws {
    target = try arguments.host()
    device = try arguments.string("on").map(arguments.host(named:)) ?? .thisMachine
    command = Command(arguments.strings("command") ?? [])
    guard !command.arguments.isEmpty else {
      throw ActionError("command.empty", "step \(arguments.step): 'command' is empty")
    }
    guard device.id != target.id else {
      throw ActionError(
        "fence.by_itself", "step \(arguments.step): \(target.id) can't fence itself",
        advice: "name another host in 'on': what is fenced can't be asked whether it is")
    }
    condition = try Self.condition(arguments, on: device, fencing: target)
    wantsFenced = arguments.string("state") != "unfenced"
    isRepeatable = arguments.boolean("repeatable") ?? Self.schema.isRepeatable
  }

  private static func condition(
    _ arguments: Arguments, on device: Host, fencing target: Host
  ) throws -> any WorldCondition {
    let verify = arguments["verify"]?.mapping ?? [:]
    guard verify.count == 1, let (kind, value) = verify.first else {
      throw ActionError(
        "fence.verify",
        "step \(arguments.step): 'verify' needs exactly one of command, http and service",
        advice: "it has \(verify.isEmpty ? "none" : verify.keys.sorted().joined(separator: ", "))")
    }
    switch kind {
    case "http": return try HTTPCondition(value.mapping ?? [:], step: arguments.step)
    case "service":
      let host = try arguments.host(named: value.mapping?["host"]?.string ?? "")
      guard host.id != target.id else {
        throw ActionError(
          "fence.verify", "step \(arguments.step): \(target.id) can't say whether it is fenced",
          advice: "ask what fences it")
      }
      return ServiceCondition(
        host: host, service: value.mapping?["service"]?.string ?? "",
        state: value.mapping?["state"] == "running" ? .running : .stopped)
    default:
      return try CommandCondition(
        value.list?.compactMap(\.string) ?? [], on: device, step: arguments.step)
    }
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    let facts = try await condition.observe(observer)
    let fenced: Reading =
      switch condition.judge(Observation(facts)) {
      case .met: .value(true)
      case .unmet: .value(false)
      case .unknown(let why): .unknown(why)
      }
    return Observation([Fact(target.id, FactName.fenced, fenced)] + facts)
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let isFenced = observation[target.id, FactName.fenced]?.boolean else {
      return .unknown(
        "whether \(target.id) is fenced can't be told: "
          + (observation.gap(target.id, FactName.fenced) ?? "it was not asked"))
    }
    if isFenced == wantsFenced {
      return .satisfied("\(target.id) is \(isFenced ? "fenced" : "not fenced")")
    }
    return .needed(
      "\(wantsFenced ? "fence" : "lift the fence of") \(target.id) by '\(command.arguments[0])' on \(device.id)"
    )
  }

  public func predict(_ observation: Observation) -> Observation? {
    let fenced = Fact(target.id, FactName.fenced, .value(.boolean(wantsFenced)))
    return Observation([fenced] + (wantsFenced ? condition.factsWhenMet : []))
  }

  public func operations(given observation: Observation) -> [Operation] {
    [Operation(.command(command, on: device))]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let result = try await `operator`.run(command, on: device)
    return try CommandEvidence(result, of: command.arguments, on: device).checked()
  }
}

extension Host {
  /// Where no host is named: the machine that Lifeboat runs on.
  fileprivate static let thisMachine = Host(
    site: "this", name: "machine", connection: .local)
}
