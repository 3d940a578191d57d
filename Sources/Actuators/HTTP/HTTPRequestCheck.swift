import Foundation
import Runbook

/// Refuses requests that could say something else than they seem to. Messages don't repeat what may be a secret.
struct HTTPRequestCheck {
  let method: String
  let url: String

  func check() throws {
    guard ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].contains(method) else {
      throw ActionError(
        "http.method", "the HTTP method '\(method)' is not supported",
        advice: "it may be GET, HEAD, POST, PUT, PATCH or DELETE")
    }
    guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty,
      let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme)
    else {
      throw ActionError(
        "http.url", "the URL must be a whole one that begins with http:// or https://")
    }
    guard parts.user == nil, parts.password == nil else {
      throw ActionError(
        "http.url_credentials", "the URL to \(host) contains a user name or password",
        advice: "send a header with a secret reference, as Authorization: { secret: env:TOKEN }")
    }
  }

  /// One line, `Name: value`. A line break in it would begin another header.
  static func header(_ name: String, _ value: String) throws -> String {
    let separators = Set("()<>@,;:\\\"/[]?={} \t")
    guard !name.isEmpty,
      name.allSatisfy({ $0.isASCII && !$0.isNewline && !separators.contains($0) })
    else { throw ActionError("http.header", "'\(name)' is not the name of a header") }
    let forbidden: Set<UInt8> = [0, 10, 13]
    guard !value.utf8.contains(where: forbidden.contains) else {
      throw ActionError("http.header", "the value of the header \(name) contains a line break")
    }
    // libcurl sends a header without a value only when it ends with a semicolon.
    return value.isEmpty ? "\(name);" : "\(name): \(value)"
  }
}
