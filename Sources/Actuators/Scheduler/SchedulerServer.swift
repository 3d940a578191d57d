import Runbook

/// The REST server of the scheduler on a host, as its actions ask it.
struct SchedulerServer: Sendable {
  /// Where the server tells how it is.
  static let status = "/api/server/serverStatus"
  /// Whether its scheduler is the active one.
  static let active = "/api/scheduler/active"
  static let agents = "/api/agent"

  private static let timeout = Duration.seconds(10)
  private static let login = "/api/authentication/login"

  let host: Host
  let rest: SchedulerREST

  /// Throws when the inventory doesn't say how the step's target is asked.
  init(_ arguments: Arguments) throws {
    host = try arguments.host()
    guard let rest = host.rest else {
      throw ActionError(
        "inventory.no_rest",
        "step \(arguments.step): the inventory doesn't say how the REST server of \(host.id) is asked",
        advice: "give the host the key 'rest', as docs/runbooks.md has it")
    }
    self.rest = rest
  }

  /// The subject of what the server says of itself.
  var subject: String { "rest@\(host.id)" }

  private var access: TokenAccess {
    TokenAccess(
      loginURL: rest.url + Self.login, user: rest.user, password: rest.password,
      authority: rest.authority)
  }

  /// What the server answers to a look.
  func read(_ path: String, _ observer: any Observer) async throws -> RESTValue {
    let lookup = HTTPLookup(url: rest.url + path, timeout: Self.timeout, access: access)
    let response = try await observer.fetch(lookup)
    guard response.status == 200 else { throw refused("GET", path, response, kind: .failed) }
    guard response.cutBytes == 0 else {
      throw ActionError(
        "rest.too_long", "\(lookup.url) answers with more than is read of an answer",
        advice: "let the path in the inventory ask for less")
    }
    guard let value = RESTValue(json: response.body) else {
      throw unexpected(path, "no JSON: \(Self.excerpt(of: response.body))")
    }
    return value
  }

  func request(_ method: String, _ path: String, body: String) -> HTTPRequest {
    HTTPRequest(
      method: method, url: rest.url + path, headers: ["Content-Type": .text("application/json")],
      body: body, timeout: Self.timeout, access: access)
  }

  func send(_ request: HTTPRequest, _ operator: any Operator) async throws -> Evidence {
    let response = try await `operator`.send(request)
    guard (200..<300).contains(response.status) else {
      // A server or a gateway that broke down may have done it all the same.
      let isInDoubt = response.status >= 500 || response.status == 408
      throw refused(
        request.method, String(request.url.dropFirst(rest.url.count)), response,
        kind: isInDoubt ? .inDoubt : .failed)
    }
    return Evidence(["status": .integer(response.status)])
  }

  /// The server answered, and not as the vendor or the inventory says.
  func unexpected(_ path: String, _ what: String) -> ActionError {
    ActionError(
      "rest.unexpected", "\(rest.url)\(path) answers with \(what)",
      advice: "see what this version of the server answers there, and 'rest' in the inventory")
  }

  private func refused(
    _ method: String, _ path: String, _ response: HTTPResponse, kind: ActionError.Kind
  ) -> ActionError {
    let advice =
      switch response.status {
      case 401, 403: "see what \(rest.user) may do there"
      case 404, 405: "see the path, and 'rest' in the inventory"
      default: "see the server's log"
      }
    return ActionError(
      "rest.status",
      "\(method) \(rest.url)\(path) was answered with \(response.status): "
        + Self.excerpt(of: response.body), advice: advice, kind: kind)
  }

  private static func excerpt(of text: String) -> String {
    text.isEmpty ? "nothing" : String(text.prefix(200))
  }

  /// A name as a part of a path or query: nothing in it means anything there.
  static func escaped(_ name: String) -> String {
    name.utf8.map { byte in
      let scalar = Unicode.Scalar(byte)
      let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9") ~= scalar)
      if isPlain || ["-", "_", "~"].contains(scalar) { return String(scalar) }
      return (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
    }.joined()
  }
}
