public import Runbook

/// Hands checkpoints to witnesses that are reached by a program or over HTTP.
public struct WitnessChannel: Sendable {
  private let local: LocalTransport
  private let http: HTTPClient

  /// `redactor` learns the secrets that are sent.
  public init(time: any TimeSource, redactor: Redactor) {
    local = LocalTransport(time: time, limit: ConcurrencyLimit(4))
    http = HTTPClient(secrets: SecretResolver(here: local, redactor: redactor))
  }

  /// Runs a program with the note on its standard input. Throws `ActionError` when it doesn't take it.
  public func give(_ note: String, to command: [String], within limit: Duration) async throws {
    let result = try await local.run(
      Invocation(
        arguments: command, standardInput: note, purpose: .acting, timeout: limit))
    guard result.exitCode == 0 else {
      throw ActionError(
        "witness.not_taken",
        "'\(command.first ?? "")' exited with \(result.exitCode): \(result.standardError)",
        advice: "run it by hand with a checkpoint on its standard input")
    }
  }

  /// Posts the note. Throws `ActionError` when the server doesn't take it.
  public func post(
    _ note: String, to url: String, authorization: SecretReference?, within limit: Duration
  ) async throws {
    let answer = try await http.send(
      HTTPRequest(
        method: "POST", url: url,
        headers: headers(authorization, ["Content-Type": .text("text/plain; charset=utf-8")]),
        body: note, timeout: limit))
    guard (200..<300).contains(answer.status) else {
      throw refused("POST", url, answer.status)
    }
  }

  /// The note that the server took last; nil when it has none (404).
  public func last(
    at url: String, authorization: SecretReference?, within limit: Duration
  ) async throws -> String? {
    let answer = try await http.fetch(
      HTTPLookup(url: url, headers: headers(authorization, [:]), timeout: limit))
    if answer.status == 404 { return nil }
    guard (200..<300).contains(answer.status) else { throw refused("GET", url, answer.status) }
    return answer.body
  }

  private func headers(
    _ authorization: SecretReference?, _ others: [String: HTTPHeaderValue]
  ) -> [String: HTTPHeaderValue] {
    var headers = others
    if let authorization { headers["Authorization"] = .secret(authorization) }
    return headers
  }

  private func refused(_ method: String, _ url: String, _ status: Int) -> ActionError {
    ActionError(
      "witness.not_taken", "\(method) \(url) was answered with \(status)",
      advice: "see that the witness's URL and its authorization are right")
  }
}
