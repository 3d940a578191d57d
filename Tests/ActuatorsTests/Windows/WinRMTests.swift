import Engine
import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

/// What is WinRM's own, to the double of a Windows host.
@Suite(.serialized, .enabled(if: SSHServer.isHere, "no sshd: install openssh-server"))
struct WinRMTests {
  private func trouble(
    _ host: Host, in world: ActuatorWorld
  ) async throws -> ActionError {
    let error = await #expect(throws: ActionError.self) {
      try await world.makeObserver().run(.windows(.clock), on: host)
    }
    return try #require(error)
  }

  @Test("a wrong password, a missing one and a certificate of nobody are told apart")
  func refusals() async throws {
    try await WindowsDouble.with { double async throws in
      try await withDirectory { directory in
        let wrong = "\(directory)/wrong"
        try "guess-that".write(toFile: wrong, atomically: true, encoding: .utf8)
        try await withWorld { world async throws in
          for way in [WindowsDouble.Way.basic, .ntlm] {
            let refused = try await trouble(double.host(way, password: wrong), in: world)
            #expect(refused.code == "host.authentication")
            #expect(!refused.description.contains("guess-that"))
            let missing = try await trouble(
              double.host(way, password: "\(directory)/none"), in: world)
            #expect(missing.code == "secret.unavailable")
            let strange = try await trouble(double.host(way, trusting: .some(nil)), in: world)
            #expect(strange.code == "host.unreachable")
            #expect(strange.message.contains("certificate"), "\(strange.message)")
          }
        }
      }
      #expect(try double.shells == 0)
    }
  }

  @Test("Kerberos without a ticket is refused with words, and no password is asked for")
  func kerberos() async throws {
    try await WindowsDouble.with { double async throws in
      guard case .winrm(let settings) = try double.host(.basic).connection else { return }
      let host = Host(
        site: "dr", name: "dr",
        connection: .winrm(
          settings: WinRMSettings(
            url: settings.url, authentication: .negotiate, authority: settings.authority)),
        os: .windows)
      try await withWorld { world async throws in
        let error = try await trouble(host, in: world)
        #expect(error.code == "host.authentication")
        #expect(error.advice?.contains("klist") == true)
      }
    }
  }

  @Test("'nothing yet' is asked again, and the shell is deleted once")
  func operationTimeout() async throws {
    try await WindowsDouble.with { double async throws in
      try double.set(["faults": [["at": "message:Receive", "kind": "late"]]])
      try await withWorld { world async throws in
        let result = try await world.makeObserver().run(
          .windows(.clock), on: double.host(.ntlm))
        #expect(result.exitCode == 0)
      }
      let messages = try double.dump()["messages"]?.list?.compactMap(\.string) ?? []
      #expect(messages.filter { $0 == "Receive" }.count >= 2)
      #expect(messages.suffix(2) == ["Signal", "Delete"])
      #expect(messages.filter { $0 == "Create" }.count == 1)
      #expect(try double.shells == 0)
    }
  }

  @Test(
    "after a failure at any message no shell is left", arguments: ["Command", "Send", "Receive"])
  func failures(message: String) async throws {
    try await WindowsDouble.with { double async throws in
      try double.set([
        "faults": [
          ["at": .string("message:\(message)"), "when": "before", "kind": "cut", "stays": true]
        ]
      ])
      try await withWorld { world async throws in
        let host = try double.host(.ntlm)
        let error = try await trouble(host, in: world)
        #expect(error.kind == .unreachable)
        try double.set(["faults": []])
        try await eventually("the shell is gone") { try double.shells == 0 }
        #expect(try await world.makeObserver().run(.windows(.clock), on: host).exitCode == 0)
      }
    }
  }

  @Test("twenty commands at once stay below the number of shells that Windows allows")
  func manyAtOnce() async throws {
    try await WindowsDouble.with { double async throws in
      try await withWorld { world async throws in
        let host = try double.host(.basic)
        try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<20 {
            group.addTask {
              try await world.makeObserver().run(.windows(.clock), on: host).exitCode
            }
          }
          for try await code in group { #expect(code == 0) }
        }
      }
    }
  }

  @Test("messages hold what they are given as text, and answers with a DOCTYPE are refused")
  func messages() throws {
    let message = WinRMMessage(
      url: "https://a/b?c&d", work: .command(["a\"<&>", "</x>"], shell: "<s>"))
    let answer = WinRMAnswer(message.text)
    #expect(answer?.shellID == "<s>")
    #expect(message.text.contains("<rsp:Command>a&quot;&lt;&amp;&gt;</rsp:Command>"))
    #expect(WinRMAnswer("<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>") == nil)
    #expect(WinRMAnswer("<x><y></x>") == nil)
    #expect(WinRMAnswer("") == nil)
  }
}
