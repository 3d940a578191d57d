import CCurl
import Dispatch
import Foundation
import Runbook

/// Makes HTTP requests through libcurl.
struct HTTPClient: Sendable {
  /// Each request blocks a thread of its own, none of the few that run tasks.
  private static let threads = DispatchQueue(label: "lifeboat.http", attributes: .concurrent)

  let secrets: SecretResolver

  func fetch(_ lookup: HTTPLookup) async throws -> HTTPResponse {
    try await perform(
      method: lookup.method.rawValue, url: lookup.url, headers: lookup.headers, body: nil,
      timeout: lookup.timeout, isLooking: true)
  }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    try await perform(
      method: request.method, url: request.url, headers: request.headers, body: request.body,
      timeout: request.timeout, isLooking: false)
  }

  private func perform(
    method: String, url: String, headers: [String: HTTPHeaderValue], body: String?,
    timeout: Duration, isLooking: Bool
  ) async throws -> HTTPResponse {
    try HTTPRequestCheck(method: method, url: url).check()
    var lines = try await resolved(headers)
    if !headers.keys.contains(where: { $0.lowercased() == "content-type" }) {
      // Else libcurl would call every body a form.
      lines.append("Content-Type:")
    }
    let transfer = CurlTransfer(
      .init(
        method: method, url: url, headers: lines,
        body: ["GET", "HEAD", "DELETE"].contains(method) ? body : body ?? "", timeout: timeout),
      library: try CurlLibrary.shared())
    switch await run(transfer) {
    case .cancelled: throw CancellationError()
    case .failed(let code, let words):
      throw failure(code, words, request: "\(method) \(url)", isLooking: isLooking)
    case .response(let status, let body, let cutBytes):
      let text = redacted(String(decoding: body, as: UTF8.self), isCut: cutBytes > 0)
      return HTTPResponse(status: status, body: text, cutBytes: cutBytes)
    }
  }

  private func run(_ transfer: CurlTransfer) async -> CurlTransfer.Ending {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        Self.threads.async { continuation.resume(returning: transfer.perform()) }
      }
    } onCancel: {
      transfer.cancel()
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
  private func redacted(_ body: String, isCut: Bool) -> String {
    let redactor = secrets.redactor
    return isCut ? redactor.redacted(cut: body) : redactor.redacted(body)
  }

  private func failure(_ code: UInt32, _ words: String, request: String, isLooking: Bool)
    -> ActionError
  {
    let neverSent = [
      CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
      CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION,
    ].contains { $0.rawValue == code }
    let malformed = [CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL].contains {
      $0.rawValue == code
    }
    if malformed {
      return ActionError("http.url", "\(request): \(words)", advice: "correct the URL")
    }
    if neverSent || isLooking {
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
