public import Runbook

/// `http.request`
public struct HTTPRequestAction: ActingAction {
  public static let schema = ActionSchema(
    name: "http.request",
    summary: "Send a request to a server, unless a look shows that it is done",
    discussion: """
      `unless` says how to see by GET that the request's work is done: the status and, where given, a text in the body. It is
      asked before and, until it holds or the time is up, after.

      When the request was sent and no answer came it is in doubt, and `unless` decides. PUT and DELETE may be sent again,
      as HTTP defines them to be idempotent; POST and PATCH are not sent twice.

      Certificates are always verified, redirects are not followed. Secrets go into headers by reference; where a server
      repeats them in its answer they are blotted out.
      """,
    target: .none,
    parameters: [
      .init("method", .choice(["POST", "PUT", "PATCH", "DELETE"]), required: true, "The method"),
      .init("url", .string, required: true, "http:// or https://, without user name or password"),
      .init("headers", .mapping(.any), HeaderValues.summary),
      .init("body", .string, "Sent as it is; say what it is by a Content-Type header"),
      .init(
        "expect_status", .list(.integer), default: "200 to 299", "The statuses that mean success"),
      .init("timeout", .duration, default: "30s", "How long the answer may take"),
      .init(
        "unless", .record(HTTPCondition.fields), required: true,
        why:
          "without it nobody can tell whether the request's work is done, so the step could not be idempotent",
        "How to see by GET that the work is done"),
    ],
    effect: .changes,
    isOpaque: true,
    isRepeatable: false,
    reversibility: .irreversible,
    facts: [
      .init(HTTPCondition.status, "of the answer to `unless`"),
      .init(HTTPCondition.contains, "whether that answer contains the text; where one is given"),
    ],
    example: """
      id: repoint-portal
      action: http.request
      with:
        method: PUT
        url: http://127.0.0.1:8080/active-site
        headers: { Content-Type: text/plain, Authorization: { secret: "env:PORTAL_TOKEN" } }
        body: dr
        unless: { url: "http://127.0.0.1:8080/active-site", contains: dr }
      """)

  private static let defaultTimeout = Duration.seconds(30)

  private let request: HTTPRequest
  private let expectedStatuses: [Int]?
  private let done: HTTPCondition

  public init(_ arguments: Arguments) throws {
    let method = try arguments.requiredString("method")
    let url = try arguments.requiredString("url")
    try HTTPRequestCheck(method: method, url: url).check()
    request = HTTPRequest(
      method: method, url: url,
      headers: try HeaderValues.read(arguments["headers"], step: arguments.step),
      body: arguments.string("body"), timeout: arguments.duration("timeout") ?? Self.defaultTimeout)
    expectedStatuses = arguments["expect_status"]?.list?.compactMap(\.integer)
    done = try HTTPCondition(
      try arguments.required("unless").mapping ?? [:], step: arguments.step)
  }

  public var isRepeatable: Bool { ["PUT", "DELETE"].contains(request.method) }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await done.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict { done.judge(observation).verdict }

  public func predict(_ observation: Observation) -> Observation? { done.prediction() }

  public func operations(given observation: Observation) -> [Operation] {
    [Operation(.request(request))]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let response = try await `operator`.send(request)
    let isExpected =
      expectedStatuses?.contains(response.status) ?? (200...299).contains(response.status)
    let body = Excerpt.beginning(of: response.body, more: response.cutBytes)
    guard isExpected else {
      throw ActionError(
        "http.status",
        "\(request.method) \(request.url) was answered with \(response.status): \(body)",
        advice: "see the server's answer and its log",
        // A server or a gateway that broke down may have done it all the same.
        kind: response.status >= 500 || response.status == 408 ? .inDoubt : .failed)
    }
    return Evidence(["status": .integer(response.status), "body": .string(body)])
  }
}
