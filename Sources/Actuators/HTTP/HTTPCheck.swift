public import Runbook

/// `http.check`
public struct HTTPCheck: Action {
  public static let schema = ActionSchema(
    name: "http.check",
    summary: "Check what a server answers to GET",
    discussion: """
      Satisfied when the answer has the status, and contains the text where one is given. Redirects are answers, not
      followed. Certificates are always verified. A server that can't be reached is "cannot tell".
      """,
    target: .none,
    parameters: [
      .init("url", .string, required: true, "http:// or https://, without user name or password"),
      .init("status", .integer, default: "200", "The status that is right"),
      .init("contains", .string, "A text that the body must contain"),
      .init("headers", .mapping(.any), HeaderValues.summary),
      .init("timeout", .duration, default: "10s", "How long one answer may take"),
    ],
    effect: .checks,
    facts: [
      .init(HTTPCondition.status, "of the answer"),
      .init(HTTPCondition.contains, "whether the body contains the text; where one is given"),
    ],
    example: """
      id: portal-is-up
      action: http.check
      with: { url: "http://127.0.0.1:8080/health", status: 200, contains: ok }
      """)

  private let condition: HTTPCondition

  public init(_ arguments: Arguments) throws {
    condition = try HTTPCondition(arguments.values, step: arguments.step)
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await condition.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict { condition.judge(observation).verdict }
}
