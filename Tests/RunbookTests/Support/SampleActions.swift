import Runbook

/// An action that is never run: what the language asks of it is its schema, and whether its arguments make sense.
protocol SampleAction: Action {
  init()
}

extension SampleAction {
  init(_ arguments: Arguments) throws { self.init() }
  func probe(_ observer: any Observer) async throws -> Observation { Observation() }
  func judge(_ observation: Observation) -> Verdict { .unknown("a sample sees nothing") }
}

extension ActionCatalogue {
  /// Actions in the shapes of the real ones.
  static let sample = ActionCatalogue([
    StopSample.self, StartSample.self, TruncateSample.self, NoForeignSample.self,
    ReverseSample.self, LagSample.self, SharedPathSample.self, CommandSample.self,
    RequestSample.self, ApprovalSample.self, WaitSample.self, DirectorySample.self,
  ])
}

struct StopSample: SampleAction {
  static let schema = ActionSchema(
    name: "service.stop", summary: "Stop services", discussion: "Stops them in reverse.",
    target: .host,
    parameters: [
      .init("services", .list(.service), "Which; all of the host's by default"),
      .init(
        "start_type", .choice(["disabled", "manual", "keep"]), default: "disabled",
        "What becomes of them when the host reboots"),
      .init("stop_timeout", .duration, "How long one may take"),
    ],
    effect: .changes, reversibility: .reversible(by: "service.start"),
    defaultTimeout: .seconds(120), facts: [.init("state", "of each service")],
    example: """
      id: stop-production
      action: service.stop
      target: production.scheduler
      with: { services: [server, executor] }
      """)
}

struct StartSample: SampleAction {
  static let schema = ActionSchema(
    name: "service.start", summary: "Start services", discussion: "Starts them in order.",
    target: .host, parameters: [.init("services", .list(.service), "Which")],
    effect: .changes, reversibility: .reversible(by: "service.stop"),
    facts: [.init("state", "of each service")],
    guards: [
      .init("no-foreign-guid", "no other server's GUID is there"),
      .init("other-schedulers-stopped", "no other scheduler runs"),
    ],
    example: """
      id: start-dr
      action: service.start
      target: dr.scheduler
      """)
}

struct TruncateSample: SampleAction {
  static let schema = ActionSchema(
    name: "failover_table.truncate", summary: "Empty the Failover table",
    discussion: "Keeps every row in the journal first.", target: .databaseAtSite,
    effect: .changes, reversibility: .irreversible,
    facts: [.init("failover_rows", "every row")],
    guards: [.init("database-is-primary", "the copy is writable")],
    example: """
      id: truncate
      action: failover_table.truncate
      target: scheduler@dr
      """)
}

struct NoForeignSample: SampleAction {
  static let schema = ActionSchema(
    name: "failover_table.no_foreign_guid", summary: "Check for foreign GUIDs",
    discussion: "Looks.",
    target: .databaseAtSite, effect: .checks, facts: [.init("failover_rows", "every row")],
    example: """
      id: no-foreign-guid
      action: failover_table.no_foreign_guid
      target: scheduler@dr
      """)
}

struct ReverseSample: SampleAction {
  static let schema = ActionSchema(
    name: "replication.reverse", summary: "Make another copy the primary", discussion: "Reverses.",
    target: .database,
    parameters: [
      .init("to", .site, required: true, "The site whose copy becomes the primary"),
      .init(
        "mode", .choice(["graceful", "ungraceful"]), required: true,
        why: "whether data may be lost is for a person to say", "How"),
    ],
    effect: .changes, facts: [.init("role", "of each copy"), .init("epoch", "of each copy")],
    example: """
      id: reverse
      action: replication.reverse
      target: scheduler
      with: { to: dr, mode: graceful }
      """)
}

struct LagSample: SampleAction {
  static let schema = ActionSchema(
    name: "replication.lag", summary: "Check the lag", discussion: "Looks.", target: .database,
    parameters: [
      .init("maximum", .duration, required: true, "The most that may be lost"),
      .init("to", .site, "Whose copy"),
    ],
    effect: .checks, facts: [.init("as_of", "of each copy")],
    example: """
      id: lag
      action: replication.lag
      target: scheduler
      with: { maximum: 5m }
      """)
}

struct SharedPathSample: SampleAction {
  static let schema = ActionSchema(
    name: "path.shared", summary: "Prove that hosts share a directory",
    discussion: "Writes a nonce.",
    target: .none,
    parameters: [
      .init("path", .path, required: true, "Which"),
      .init("between", .list(.host), required: true, "The hosts"),
    ],
    effect: .changes, worksAsPrecheck: true,
    example: """
      id: shared
      action: path.shared
      with: { path: scheduler-logs, between: [production.scheduler, dr.scheduler] }
      """)
}

struct DirectorySample: SampleAction {
  static let schema = ActionSchema(
    name: "path.directory", summary: "Check a directory", discussion: "Looks.", target: .host,
    parameters: [
      .init("path", .path, required: true, "Which"),
      .init("minimum_free", .size, "Free space"),
      .init("create", .boolean, default: "false", "Whether to make it"),
      .init("attempts", .integer, "How often"),
    ],
    effect: .changes, worksAsPrecheck: true, reversibility: .irreversible,
    example: """
      id: logs
      action: path.directory
      target: dr.scheduler
      with: { path: default-logs, minimum_free: 10MiB }
      """)
}

/// Refuses by itself what its schema can't express.
struct CommandSample: SampleAction {
  static let schema = ActionSchema(
    name: "command.run", summary: "Run a command", discussion: "Runs it unless.", target: .host,
    parameters: [
      .init("command", .list(.string), required: true, "Program and arguments"),
      .init(
        "unless", .list(.string), required: true,
        why: "without a probe a step can't be idempotent", "A read-only program"),
      .init("environment", .mapping(.string), "Variables"),
    ],
    effect: .changes, isRepeatable: false, facts: [.init("exit_code", "of unless")],
    example: """
      id: touch
      action: command.run
      target: dr.scheduler
      with: { command: [touch, /tmp/x], unless: [test, -e, /tmp/x] }
      """)

  init() {}

  init(_ arguments: Arguments) throws {
    guard let program = arguments.strings("unless"), ReadOnlyCommand(probe: program) != nil else {
      throw ActionError(
        "command.unless", "'unless' must be a program that only looks", advice: "as test or grep")
    }
  }
}

struct RequestSample: SampleAction {
  static let schema = ActionSchema(
    name: "http.request", summary: "Send a request", discussion: "Sends it.", target: .none,
    parameters: [
      .init("url", .string, required: true, "Where"),
      .init("token", .secret, "Who"),
      .init(
        "unless",
        .record([
          .init("url", .string, required: true, "Where"), .init("status", .integer, "Which"),
        ]), required: true, "When not"),
      .init("body", .any, "What"),
    ],
    effect: .changes, isRepeatable: false,
    example: """
      id: notify
      action: http.request
      with: { url: "http://localhost/", unless: { url: "http://localhost/", status: 200 } }
      """)
}

struct ApprovalSample: SampleAction {
  static let schema = ActionSchema(
    name: "gate.approval", summary: "Ask people", discussion: "Asks.", target: .none,
    parameters: [
      .init("prompt", .string, required: true, "The question"),
      .init("required", .integer, default: "1", "How many"),
    ],
    effect: .asks,
    example: """
      id: approve
      action: gate.approval
      with: { prompt: Go on? }
      """)
}

struct WaitSample: SampleAction {
  static let schema = ActionSchema(
    name: "wait.until", summary: "Wait", discussion: "Waits.", target: .none,
    parameters: [
      .init(
        "service",
        .record([
          .init("host", .host, required: true, "Where"),
          .init("service", .service, required: true, "Which"),
        ]), "A service")
    ],
    effect: .waits,
    example: """
      id: wait
      action: wait.until
      with: { service: { host: dr.scheduler, service: server } }
      """)
}
