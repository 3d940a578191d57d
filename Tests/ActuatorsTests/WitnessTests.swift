import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// Witnesses over HTTP and by a program, with a real server and real programs.
@Suite struct WitnessTests {
  private let note = "lab/lifeboat\n3\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n— lab AAAA\n"
  private let channel = WitnessChannel(time: SystemTime(), redactor: Redactor())

  @Test("what is posted is what is had back")
  func http() async throws {
    try await TestServer.with { server in
      let url = "\(server.url)/store/checkpoint"
      #expect(try await channel.last(at: url, authorization: nil, within: .seconds(10)) == nil)
      try await channel.post(note, to: url, authorization: nil, within: .seconds(10))
      #expect(try await channel.last(at: url, authorization: nil, within: .seconds(10)) == note)
    }
  }

  @Test("a server that doesn't take it, or isn't there, is said")
  func refused() async throws {
    try await TestServer.with { server in
      for url in ["\(server.url)/status/500", "http://127.0.0.1:1/"] {
        await #expect(throws: ActionError.self) {
          try await channel.post(note, to: url, authorization: nil, within: .seconds(10))
        }
      }
    }
  }

  @Test("a program gets it on its standard input")
  func command() async throws {
    let file = FileManager.default.temporaryDirectory.path + "/witness-\(UUID().uuidString)"
    defer { #expect(unlink(file) == 0) }
    try await channel.give(note, to: ["tee", file], within: .seconds(10))
    #expect(try String(contentsOfFile: file, encoding: .utf8) == note)
    await #expect(throws: ActionError.self) {
      try await channel.give(note, to: ["false"], within: .seconds(10))
    }
  }
}
