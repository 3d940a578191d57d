import CCurl
import Foundation
import Runbook

/// Makes HTTP requests through libcurl.
struct HTTPClient: Sendable {
  let secrets: SecretResolver
  var tokens = HTTPTokens()

  func fetch(_ lookup: HTTPLookup) async throws -> HTTPResponse {
    let exchange = Exchange(
      method: lookup.method.rawValue, url: lookup.url, headers: lookup.headers,
      timeout: lookup.timeout, authority: lookup.access?.authority, isLooking: true)
    return redacted(try await answer(to: exchange, lookup.access))
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    let exchange = Exchange(
      method: request.method, url: request.url, headers: request.headers, body: request.body,
      timeout: request.timeout, authority: request.access?.authority, isLooking: false)
    return redacted(try await answer(to: exchange, request.access))
  }

  /// One request and its response.
  private struct Exchange {
    var method: String
    var url: String
    var headers: [String: HTTPHeaderValue]
    var body: String?
    var timeout: Duration
    var authority: String?
    /// Nothing is in doubt when its answer is lost.
    var isLooking: Bool
  }

  // MARK: - Tokens

  /// A token may have expired: when it is refused, the server has done nothing, and is asked once more with a new one.
  private func answer(to exchange: Exchange, _ access: TokenAccess?) async throws -> HTTPResponse {
    guard let access else { return try await perform(exchange, token: nil) }
    var token = tokens[access]
    if token == nil { token = try await logIn(access, within: exchange.timeout) }
    let response = try await perform(exchange, token: token)
    guard response.status == 401, let refused = token else { return response }
    tokens.forget(refused, of: access)
    var renewed = tokens[access]
    if renewed == nil { renewed = try await logIn(access, within: exchange.timeout) }
    return try await perform(exchange, token: renewed)
  }

  private func logIn(_ access: TokenAccess, within timeout: Duration) async throws -> Secret {
    let password = try await secrets.resolve(access.password)
    let question = TokenQuestion(username: access.user, password: password.reveal())
    let response = try await perform(
      Exchange(
        method: "POST", url: access.loginURL,
        headers: ["Content-Type": .text("application/json")],
        body: String(decoding: try JSONEncoder().encode(question), as: UTF8.self),
        timeout: timeout, authority: access.authority, isLooking: true),
      token: nil)
    guard ![400, 401, 403].contains(response.status) else {
      throw ActionError(
        "http.login_refused",
        "\(access.loginURL) does not let \(access.user) in (HTTP status \(response.status))",
        advice: "see the account there, and user and password in the inventory")
    }
    // What it says else is not repeated: it may hold a token.
    let answer = try? JSONDecoder().decode(TokenAnswer.self, from: Data(response.body.utf8))
    guard (200..<300).contains(response.status), let text = answer?.token, !text.isEmpty else {
      throw ActionError(
        "http.no_token",
        "\(access.loginURL) gave \(access.user) no token (HTTP status \(response.status))",
        advice: "see whether it is the server that the inventory means, and its log")
    }
    let token = Secret(text)
    secrets.redactor.learn(token, of: access.password)
    tokens.keep(token, for: access)
    return token
  }

  // MARK: - Exchanges

  /// The response as it came, secrets and all.
  private func perform(_ exchange: Exchange, token: Secret?) async throws -> HTTPResponse {
    try HTTPRequestCheck(method: exchange.method, url: exchange.url).check()
    var lines = try await resolved(exchange.headers)
    if let token {
      lines.append(try HTTPRequestCheck.header("Authorization", "Bearer \(token.reveal())"))
    }
    if !exchange.headers.keys.contains(where: { $0.lowercased() == "content-type" }) {
      // Else libcurl would call every body a form.
      lines.append("Content-Type:")
    }
    let hasNone = ["GET", "HEAD", "DELETE"].contains(exchange.method)
    let transfer = CurlTransfer(
      .init(
        method: exchange.method, url: exchange.url, headers: lines,
        body: hasNone ? exchange.body : exchange.body ?? "", timeout: exchange.timeout,
        authority: exchange.authority),
      by: try CurlHandles())
    switch await transfer.ending() {
    case .cancelled: throw CancellationError()
    case .failed(let code, let words): throw failure(code, words, of: exchange)
    case .response(let status, let body, let cutBytes):
      return HTTPResponse(
        status: status, body: String(decoding: body, as: UTF8.self), cutBytes: cutBytes)
    }
  }

  private func resolved(_ headers: [String: HTTPHeaderValue]) async throws -> [String] {
    var lines: [String] = []
    for (name, value) in headers.sorted(by: { $0.key < $1.key }) {
      switch value {
      case .text(let text): lines.append(try HTTPRequestCheck.header(name, text))
      case .secret(let reference):
        let secret = try await secrets.resolve(reference)
        lines.append(try HTTPRequestCheck.header(name, secret.reveal()))
      }
    }
    return lines
  }

  /// A server that echoes its request must not bring a secret into the journal.
  private func redacted(_ response: HTTPResponse) -> HTTPResponse {
    let redactor = secrets.redactor
    let isCut = response.cutBytes > 0
    return HTTPResponse(
      status: response.status,
      body: isCut ? redactor.redacted(cut: response.body) : redactor.redacted(response.body),
      cutBytes: response.cutBytes)
  }

  private func failure(_ code: UInt32, _ words: String, of exchange: Exchange) -> ActionError {
    let request = "\(exchange.method) \(exchange.url)"
    let malformed = [CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL].contains {
      $0.rawValue == code
    }
    if malformed {
      return ActionError("http.url", "\(request): \(words)", advice: "correct the URL")
    }
    if CurlTransfer.neverSent.contains(code) || exchange.isLooking {
      return ActionError(
        "http.unreachable", "\(request): \(words)",
        advice: "see that the server is up and that its name and certificate are right",
        kind: .unreachable)
    }
    return ActionError(
      "http.answer_lost", "\(request) was sent, and no whole answer came: \(words)",
      advice: "look whether the server did it", kind: .inDoubt)
  }
}
