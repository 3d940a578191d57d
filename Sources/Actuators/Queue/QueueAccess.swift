import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// The access lists of private queues, as the module MSMQ shows them.
struct QueueAccess: Sendable {
  struct Entry: Decodable, Sendable {
    /// As `MessageQueueAccessRights` numbers it.
    private static let writeMessage = 4

    let account: String
    let access: String
    let rights: Int

    var isAllowing: Bool { access.lowercased() == "allow" }
    var concernsSending: Bool { rights & Self.writeMessage != 0 }
  }

  private struct Answer: Decodable {
    let queues: [Queue]

    struct Queue: Decodable {
      let missing: Bool?
      let entries: [Entry]?
    }
  }

  let host: Host

  /// Nil for a queue that isn't there.
  func lists(of queues: [String], _ observer: any Observer) async throws -> [[Entry]?] {
    let result = try await observer.run(
      .windows(.queues, ["queues": .list(queues.map(Value.string))]), on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "queue.unreadable",
        "the private queues of \(host.id) can't be looked at: \(result.standardError)",
        advice:
          "see that MSMQ is installed there and runs, and that the account may read the queues' permissions"
      )
    }
    let answer = try JSONDecoder().decode(Answer.self, from: Data(result.standardOutput.utf8))
    guard answer.queues.count == queues.count else {
      throw ActionError(
        "queue.answer", "\(host.id) was asked for its queues and answered something else",
        advice: "see that Windows PowerShell 5.1 is there")
    }
    return answer.queues.map { $0.missing == true ? nil : $0.entries ?? [] }
  }
}
