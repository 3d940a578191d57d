import Actuators
import Engine
import Foundation
import Journal
import Runbook

/// Asks the machine that keeps the journal, by this machine's ssh client. Only a clear yes to this very site is one.
struct PermitQuestion {
  let site: String
  let destination: String

  func answer() async throws -> PermitAnswer {
    guard let command = ReadOnlyCommand.permit(of: site, askedAt: destination) else {
      return refusal("'\(destination)' can't be a destination, or '\(site)' a site")
    }
    let here = Host(site: "this", name: "machine", connection: .local)
    let result = try await ActuatorWorld(time: SystemTime()).makeObserver().run(command, on: here)
    let words = result.standardError.split(separator: "\n").last.map { ": \($0)" } ?? ""
    guard
      let answer = try? JSON(parsing: Data(result.standardOutput.utf8)).decode(PermitAnswer.self)
    else {
      return refusal("\(destination) gave no answer (exit code \(result.exitCode))\(words)")
    }
    guard answer.site == site else {
      return refusal("\(destination) answered for '\(answer.site)'")
    }
    guard answer.permitted == (result.exitCode == 0) else {
      return refusal("\(destination) contradicts itself: its exit code is \(result.exitCode)")
    }
    return answer
  }

  private func refusal(_ why: String) -> PermitAnswer {
    PermitAnswer(refusing: site, because: "that can't be told: \(why)")
  }
}
