import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// A service's own account on a Windows host, by a scheduled task that runs once. The task has no trigger, and is removed with
/// its end; one that a cut-off attempt has left is found by its name, and removed before the next.
struct ServiceHand: ShareHand {
  private static let limitInSeconds = 20
  private static let looksASecond = 5
  private static let otherText = 1
  /// There is no such file, or no such directory.
  private static let absences = [0x8007_0002, 0x8007_0003]

  let place: ShareExchange.Place
  let account: ServiceAccount
  let capability: any Operator

  private enum Work: String {
    case write, compare, remove
  }

  func write(_ name: ProbeFileName, _ text: String) async throws {
    let result = try await run(.write, name, text)
    guard result == 0 else { throw failure("write", name, result) }
  }

  func holds(_ name: ProbeFileName, _ text: String) async throws -> Bool {
    let result = try await run(.compare, name, text)
    if result == 0 { return true }
    guard result == Self.otherText || Self.absences.contains(result) else {
      throw failure("read", name, result)
    }
    return false
  }

  func remove(_ name: ProbeFileName) async throws {
    let result = try await run(.remove, name, "")
    guard result == 0 else { throw failure("remove", name, result) }
  }

  private var taskName: String {
    "\(ProbeFileName(label: "task", token: capability.token))"
  }

  /// What the task's process ended with.
  private func run(_ work: Work, _ name: ProbeFileName, _ text: String) async throws -> Int {
    let order = ServiceTask.arguments([
      "work": .string(work.rawValue),
      "path": .string(HostPath.joined(place.directory, "\(name)", on: place.host)),
      "contents": .string(Data(text.utf8).base64EncodedString()),
    ])
    let command = Command(
      .runTask,
      [
        "name": .string(taskName), "account": .string(account.identity),
        "logon": .string(account.logonType), "arguments": .string(order),
        "seconds": .integer(Self.limitInSeconds),
        "looks": .integer(Self.limitInSeconds * Self.looksASecond),
        "milliseconds": .integer(1000 / Self.looksASecond),
      ])
    let result = try await capability.run(command, on: place.host)
    guard result.exitCode == 0,
      let answer = try? JSONDecoder().decode(
        [String: Int].self, from: Data(result.standardOutput.utf8)),
      let code = answer["result"]
    else {
      throw ActionError(
        "path.task",
        "the task \(taskName) as \(account.name) did not run on \(place.host.id): \(result.standardError)",
        advice:
          "Lifeboat's account must be an administrator there, to run a task as another account")
    }
    return code
  }

  private func failure(_ verb: String, _ name: ProbeFileName, _ result: Int) -> ActionError {
    ActionError(
      "path.service_account",
      "\(account.name) on \(place.host.id) can't \(verb) \(name) in \(place.directory): \(Self.words(result))",
      advice:
        #"grant it on the share and in the directory: LocalSystem and NetworkService come as the computer, EXAMPLE\HOST$"#
    )
  }

  /// Windows' own error, as a process of .NET ends with it.
  private static func words(_ result: Int) -> String {
    let meanings = [
      0x8007_0002: "it is not there", 0x8007_0003: "the directory is not there",
      0x8007_0005: "access denied", 0x8007_0035: "the file server was not found",
      0x8007_0043: "the share was not found", 0x8007_0050: "a file of that name is there",
      0x8007_0070: "there is no space left", 0x8007_052E: "the account could not log on",
    ]
    let number = "0x" + String(result, radix: 16)
    return meanings[result].map { "\($0) (\(number))" } ?? "it ended with \(number)"
  }
}
