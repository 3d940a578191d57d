import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

@Suite struct HTTPTests {
  private static let secret = "s3cr3t-\(UUID().uuidString)"

  private var observer: any Observer { world.makeObserver() }

  private func send(
    _ method: String, _ url: String, headers: [String: HTTPHeaderValue] = [:], body: String? = nil,
    timeout: Duration = .seconds(30)
  ) async throws -> HTTPResponse {
    try await world.makeOperator(token: "t").send(
      HTTPRequest(method: method, url: url, headers: headers, body: body, timeout: timeout))
  }

  private func error(_ body: @Sendable () async throws -> Void) async -> ActionError? {
    do {
      try await body()
      Issue.record("nothing was thrown")
      return nil
    } catch {
      return error as? ActionError
    }
  }

  @Test("what is sent is stored, and what is stored is fetched")
  func roundTrip() async throws {
    try await TestServer.with { server in
      let url = "\(server.url)/store/a"
      #expect(try await observer.fetch(HTTPLookup(url: url)).status == 404)
      let text = "two lines\n\"quotes\" 🛟 \(String(repeating: "x", count: 100_000))"
      let put = try await send(
        "PUT", url, headers: ["Content-Type": .text("text/plain")], body: text)
      #expect(put == HTTPResponse(status: 201, body: "stored text/plain"))
      #expect(
        try await observer.fetch(HTTPLookup(url: url)) == HTTPResponse(status: 200, body: text))
      let head = try await observer.fetch(HTTPLookup(.head, url: url))
      #expect(head == HTTPResponse(status: 200, body: ""))
      #expect(try await send("DELETE", url).status == 204)
      #expect(try await observer.fetch(HTTPLookup(url: url)).status == 404)
    }
  }

  @Test("a request without a body is sent with none, and its type isn't made up")
  func noBody() async throws {
    try await TestServer.with { server in
      for method in ["POST", "PUT", "PATCH"] {
        let answer = try await send(method, "\(server.url)/store/b")
        #expect(answer.body == "stored None")
      }
    }
  }

  @Test("redirects are answers")
  func redirect() async throws {
    try await TestServer.with { server in
      #expect(try await observer.fetch(HTTPLookup(url: "\(server.url)/redirect")).status == 302)
      let hits = try await observer.fetch(HTTPLookup(url: "\(server.url)/hits/store/elsewhere"))
      #expect(hits.body == "0")
    }
  }

  @Test("a large body is cut, and counted")
  func largeBody() async throws {
    try await TestServer.with { server in
      let response = try await observer.fetch(HTTPLookup(url: "\(server.url)/big"))
      #expect(response.body.utf8.count == 1 << 20)
      #expect(response.cutBytes == 3_000_000 - 1 << 20)
    }
  }

  @Test("a server that isn't there is unreachable, for looking and for sending")
  func unreachable() async throws {
    // Nothing listens on a privileged port that no service uses.
    let url = "http://127.0.0.1:1/"
    let looking = await error { _ = try await observer.fetch(HTTPLookup(url: url)) }
    #expect(looking?.code == "http.unreachable")
    #expect(looking?.kind == .unreachable)
    #expect(await error { _ = try await send("POST", url) }?.kind == .unreachable)
  }

  @Test("an answer that doesn't come: looking couldn't ask, sending is in doubt")
  func lostAnswers() async throws {
    try await TestServer.with { server in
      let slow = HTTPLookup(url: "\(server.url)/hang", timeout: .milliseconds(200))
      let looking = await error { _ = try await observer.fetch(slow) }
      #expect(looking?.kind == .unreachable)
      let hanging = await error {
        _ = try await send("POST", slow.url, timeout: slow.timeout)
      }
      #expect(hanging?.code == "http.answer_lost")
      #expect(hanging?.kind == .inDoubt)
      let url = server.url
      let lost = await error { _ = try await send("POST", "\(url)/lost/c", body: "done") }
      #expect(lost?.kind == .inDoubt)
      let stored = try await observer.fetch(HTTPLookup(url: "\(url)/store/c"))
      #expect(stored.body == "done")
    }
  }

  @Test("a cancelled request returns, whether it was cancelled before or during")
  func cancelled() async throws {
    try await TestServer.with { server in
      let url = "\(server.url)/hang"
      let during = Task { try await observer.fetch(HTTPLookup(url: url, timeout: .seconds(600))) }
      try await eventually("the request") {
        try await observer.fetch(HTTPLookup(url: "\(server.url)/hits/hang")).body == "1"
      }
      during.cancel()
      await #expect(throws: CancellationError.self) { try await during.value }
      let before = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await observer.fetch(HTTPLookup(url: url, timeout: .seconds(600)))
      }
      await #expect(throws: CancellationError.self) { try await before.value }
    }
  }

  @Test("only HTTP, and nothing that hides in a URL or a header")
  func refused() async throws {
    for url in [
      "file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "127.0.0.1", "", "http://",
      "http://user:\(Self.secret)@127.0.0.1/",
    ] {
      let refused = await error { _ = try await observer.fetch(HTTPLookup(url: url)) }
      #expect(refused?.description.contains(Self.secret) == false)
    }
    #expect(
      await error { _ = try await send("TRACE", "http://127.0.0.1:1/") }?.code == "http.method")
    for (name, value) in [
      ("A", "b\r\nC: d"), ("A\r\nB", "c"), ("A B", "c"), ("", "c"), ("A:", "c"),
    ] {
      let lookup = HTTPLookup(url: "http://127.0.0.1:1/", headers: [name: .text(value)])
      #expect(await error { _ = try await observer.fetch(lookup) }?.code == "http.header")
    }
  }

  @Test("a secret reaches the server and nothing else: no argument vector, no answer, no error")
  func secrets() async throws {
    try await withDirectory { directory in
      let file = "\(directory)/token"
      try "\(Self.secret)\n".write(toFile: file, atomically: true, encoding: .utf8)
      setenv("LIFEBOAT_TEST_TOKEN", Self.secret, 1)
      let references = ["file:\(file)", "env:LIFEBOAT_TEST_TOKEN", "command:cat \(file)"]
      try await TestServer.with { server in
        for text in references {
          let header = HTTPHeaderValue.secret(try #require(SecretReference(text)))
          let answer = try await observer.fetch(
            HTTPLookup(url: "\(server.url)/headers", headers: ["X-Token": header]))
          // The server repeats what it got: the whole secret, and no line break.
          #expect(answer.body.contains("X-Token: •••\n"))
          #expect(!answer.body.contains(Self.secret))
          let hanging = Task {
            try await send(
              "POST", "\(server.url)/hang", headers: ["X-Token": header], timeout: .seconds(1))
          }
          for process in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
            let arguments = FileManager.default.contents(atPath: "/proc/\(process)/cmdline")
            #expect(!String(decoding: arguments ?? Data(), as: UTF8.self).contains(Self.secret))
          }
          let failure = await error { _ = try await hanging.value }
          #expect(failure.map { "\($0) \(String(reflecting: $0))" }?.contains(Self.secret) == false)
        }
      }
    }
  }

  @Test("a secret that can't be had is named by its place, and its remains aren't shown")
  func missingSecrets() async throws {
    try await withDirectory { directory in
      let leaky = "\(directory)/leaky"
      try "#!/bin/sh\necho \(Self.secret)\necho \(Self.secret) >&2\nexit 3\n"
        .write(toFile: leaky, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: leaky)
      for text in [
        "env:LIFEBOAT_TEST_NO_SUCH", "file:\(directory)/none", "command:\(leaky)",
        "command:/nonexistent/program",
      ] {
        let header = HTTPHeaderValue.secret(try #require(SecretReference(text)))
        let lookup = HTTPLookup(url: "http://127.0.0.1:1/", headers: ["A": header])
        let failure = await error { _ = try await observer.fetch(lookup) }
        #expect(failure?.code == "secret.unavailable")
        #expect(failure?.message.contains(text) == true)
        #expect(failure.map(String.init(describing:))?.contains(Self.secret) == false)
      }
    }
  }

  @Test("without libcurl HTTP says what to install")
  func missingLibrary() {
    let error = #expect(throws: ActionError.self) { try CurlLibrary(loading: "libcurl-none.so.4") }
    #expect(error?.code == "http.library_missing")
    #expect(throws: ActionError.self) { try CurlLibrary(loading: "libm.so.6") }
  }
}
