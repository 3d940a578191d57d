public import Runbook

/// `wait.until`
public struct WaitUntil: Action {
  public static let schema = ActionSchema(
    name: "wait.until",
    summary: "Wait until something is so: an answer, a service's state, a query, a command",
    discussion: """
      Looks again and again until it is so or the step's time is up, and changes nothing. Exactly one of `http`, `service`,
      `sql` and `command` says what is waited for. A target that can't be reached yet is waited for too.

      A query holds when it returns a row whose first column is not 0, null or empty; a command when it exits with 0.
      """,
    target: .none,
    parameters: [
      .init("http", .record(HTTPCondition.fields), "An answer to GET"),
      .init(
        "service",
        .record([
          .init("host", .host, required: true, "Where"),
          .init("service", .string, required: true, "Which"),
          .init("state", .choice(["running", "stopped"]), required: true, "What it should be"),
        ]), "A service's state"),
      .init(
        "sql",
        .record([
          .init("database", .string, required: true, "Which"),
          .init("site", .site, required: true, "Whose copy"),
          .init("query", .string, required: true, "Holds when it returns a row"),
        ]), "A query's answer"),
      .init(
        "command",
        .record([
          .init("host", .host, required: true, "Where"),
          .init(
            "command", .list(.string), required: true, "A read-only command; 0 is yes, 1 is no"),
        ]), "A command's exit code"),
    ],
    effect: .waits,
    defaultTimeout: .seconds(300),
    facts: [
      .init(HTTPCondition.status, "http: of the answer"),
      .init(HTTPCondition.contains, "http: whether the body contains the text"),
      .init("state", "service: its state"),
      .init("start_type", "service: automatic, manual or disabled"),
      .init(SQLCondition.holds, "sql: whether the query holds"),
      .init(CommandCondition.exitCode, "command: its exit code"),
    ],
    example: """
      id: jobs-run-again
      action: wait.until
      with:
        sql:
          database: scheduler
          site: dr
          query: SELECT count(*) > 0 FROM job_history WHERE site = 'dr'
      timeout: 2m
      """)

  private let condition: any WorldCondition

  public init(_ arguments: Arguments) throws {
    let kinds = ["http", "service", "sql", "command"].filter { arguments[$0] != nil }
    guard kinds.count == 1, let kind = kinds.first, let values = arguments[kind]?.mapping else {
      throw ActionError(
        "wait.what",
        "step \(arguments.step): exactly one of http, service, sql and command is needed",
        advice: "it has \(kinds.isEmpty ? "none" : kinds.joined(separator: ", "))")
    }
    condition = try Self.condition(kind, values, arguments)
  }

  private static func condition(
    _ kind: String, _ values: [String: Value], _ arguments: Arguments
  ) throws -> any WorldCondition {
    switch kind {
    case "http": return try HTTPCondition(values, step: arguments.step)
    case "service":
      return ServiceCondition(
        host: try arguments.host(named: values["host"]?.string ?? ""),
        service: values["service"]?.string ?? "",
        state: values["state"] == "running" ? .running : .stopped)
    case "sql":
      return try SQLCondition(
        values["query"]?.string ?? "", of: try copy(values, arguments))
    default:
      return try CommandCondition(
        values["command"]?.list?.compactMap(\.string) ?? [],
        on: try arguments.host(named: values["host"]?.string ?? ""), step: arguments.step)
    }
  }

  private static func copy(
    _ values: [String: Value], _ arguments: Arguments
  ) throws -> DatabaseCopy {
    let inventory = arguments.inventory
    let name = values["database"]?.string ?? ""
    let site = values["site"]?.string ?? ""
    guard let copy = inventory.database(name).flatMap({ inventory.copy(of: $0, at: site) }) else {
      throw ActionError(
        "inventory.no_copy", "step \(arguments.step): no database '\(name)' has a copy at '\(site)'"
      )
    }
    return copy
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await condition.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict {
    switch condition.judge(observation) {
    case .met(let text): .satisfied(text)
    // What can't be reached yet, or doesn't answer yet, is what one waits for.
    case .unmet(let text), .unknown(let text): .needed(text)
    }
  }
}
