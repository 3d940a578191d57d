import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Servers that let in by a token, against the double of JAMS's REST server.
@Suite struct TokenTests {
  private static let login = "POST /jams/api/authentication/login"
  private static let active = "GET /jams/api/scheduler/active"

  private func access(_ rest: SchedulerREST) -> TokenAccess {
    TokenAccess(
      loginURL: rest.url + "/api/authentication/login", user: rest.user, password: rest.password,
      authority: rest.authority)
  }

  private func look(
    _ rest: SchedulerREST, at path: String = "/api/scheduler/active", in world: ActuatorWorld,
    within timeout: Duration = .seconds(10)
  ) async throws -> HTTPResponse {
    try await world.makeObserver().fetch(
      HTTPLookup(url: rest.url + path, timeout: timeout, access: access(rest)))
  }

  /// What goes wrong, in all its words.
  private func trouble(
    _ rest: SchedulerREST, within timeout: Duration = .seconds(10)
  ) async -> (error: ActionError?, words: String) {
    let error = await #expect(throws: ActionError.self) {
      _ = try await look(rest, in: ActuatorWorld(time: SystemTime()), within: timeout)
    }
    return (error, error.map { "\($0) \(String(reflecting: $0))" } ?? "")
  }

  @Test("it logs in once, and again only when its token is refused")
  func renewed() async throws {
    try await JAMSDouble.with([:]) { double in
      let world = ActuatorWorld(time: SystemTime())
      for _ in 1...3 { #expect(try await look(double.rest(), in: world).body == "true") }
      #expect(try double.requests() == [Self.login: 1, Self.active: 3])
      try double.ask(["do": "expire"])
      #expect(try await look(double.rest(), in: world).body == "true")
      #expect(try double.requests() == [Self.login: 1, Self.active: 2])
      // A server that refuses its own new token is believed.
      try double.set(["token_uses": 0])
      try double.ask(["do": "expire"])
      #expect(try await look(double.rest(), in: world).status == 401)
      #expect(try double.requests() == [Self.login: 1, Self.active: 2])
    }
  }

  @Test("what acts is sent again with a new token, once, as the refused one did nothing")
  func renewedForActing() async throws {
    let resource = ["resourceName": "R", "quantityAvailable": 1] as [String: Any]
    let open = ["resource": "/api/resource/{resource}"]
    try await JAMSDouble.with(["resources": [resource], "open": open]) { double in
      let world = ActuatorWorld(time: SystemTime())
      let rest = double.rest()
      _ = try await look(rest, in: world)
      try double.ask(["do": "expire"])
      let answer = try await world.makeOperator(token: "t").send(
        HTTPRequest(
          method: "PUT", url: rest.url + "/api/resource/R",
          headers: ["Content-Type": .text("application/json")],
          body: "{\"resourceName\":\"R\",\"quantityAvailable\":7}", access: access(rest)))
      #expect(answer.status == 200)
      #expect(try await look(rest, at: "/api/resource/R", in: world).body.contains("7"))
      #expect(
        try double.requests()[Self.login] == 2
          && double.requests()["PUT /jams/api/resource/R"] == nil)
    }
  }

  @Test("who isn't let in is told so, and the password is in no word of it")
  func refused() async throws {
    try await JAMSDouble.with([:]) { double in
      let wrong = "\(double.directory)/wrong"
      try "hunter2-hunter2".write(toFile: wrong, atomically: true, encoding: .utf8)
      for rest in [double.rest(password: wrong), double.rest(user: "nobody")] {
        let (error, words) = await trouble(rest)
        #expect(error?.code == "http.login_refused" && error?.kind == .failed)
        #expect(words.contains(rest.user) && words.contains(double.url))
        #expect(!words.contains("hunter2") && !words.contains(JAMSDouble.password))
      }
      let none = await trouble(double.rest(password: "/nonexistent"))
      #expect(none.error?.code == "secret.unavailable")
    }
  }

  @Test("a log-in that goes wrong says how, and repeats neither password nor token")
  func brokenLogin() async throws {
    let token = "token-\(UUID().uuidString)"
    try await JAMSDouble.with([:]) { double in
      let cases: [([String: Any], String)] = [
        (
          ["action": "status", "status": 500, "text": "\(JAMSDouble.password) \(token)"],
          "http.no_token"
        ),
        (["action": "status", "status": 302, "text": token], "http.no_token"),
        (["action": "answer", "text": "{\"access_token\": \"\(token)"], "http.no_token"),
        (
          ["action": "answer", "text": "{\"access_token\": 1, \"t\": \"\(token)\"}"],
          "http.no_token"
        ),
        (["action": "answer", "text": "{\"access_token\": \"\"}"], "http.no_token"),
        (
          ["action": "answer", "text": "{\"access_token\": \"\(token)\\r\\nX: y\"}"], "http.header"
        ),
        (["action": "cut_before"], "http.unreachable"),
        (["action": "cut_after"], "http.unreachable"),
        (["action": "hang"], "http.unreachable"),
      ]
      for (fault, code) in cases {
        try double.ask(fault.merging(["do": "fault", "match": "login"]) { $1 })
        let (error, words) = await trouble(double.rest(), within: .seconds(2))
        #expect(error?.code == code, "\(fault)")
        #expect(!words.contains(token) && !words.contains(JAMSDouble.password), "\(words)")
        try double.ask(["do": "clear_faults"])
      }
    }
  }

  @Test("a server whose certificate isn't trusted gets no password")
  func untrusted() async throws {
    try await JAMSDouble.with([:]) { double in
      try await TestCertificates.with(user: "root") { other in
        for authority in [nil, other.authority, "/nonexistent"] {
          let (error, _) = await trouble(double.rest(trusting: .some(authority)))
          #expect(error?.code == "http.unreachable" && error?.kind == .unreachable)
        }
      }
      #expect(try double.requests() == [:])
    }
  }

  @Test("a server that repeats the token or the password brings neither into an answer")
  func echoed() async throws {
    try await JAMSDouble.with([:]) { double in
      let token = "token-\(UUID().uuidString)"
      try double.ask([
        "do": "fault", "match": "login", "action": "answer",
        "text": "{\"access_token\": \"\(token)\"}",
      ])
      try double.ask([
        "do": "fault", "match": "active", "action": "answer",
        "text": "\(token) and \(JAMSDouble.password)",
      ])
      let answer = try await look(double.rest(), in: ActuatorWorld(time: SystemTime()))
      #expect(answer.body == "••• and •••")
    }
  }
}
