import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// One of Windows' own error numbers.
struct WindowsError: Sendable {
  let number: Int

  init(number: Int) { self.number = number }

  /// Nil when Windows gave none.
  init?(in result: CommandResult) {
    guard
      let answer = try? JSONDecoder().decode(
        [String: Int].self, from: Data(result.standardOutput.utf8)),
      let number = answer["native"], number != 0
    else { return nil }
    self.number = number
  }

  struct Meaning: Sendable {
    /// After `service.`
    let code: String
    let words: String
    let advice: String
  }

  /// Nil for a number that needs looking up.
  var meaning: Meaning? { Self.meanings[number] }

  private static let meanings: [Int: Meaning] = [
    5: Meaning(
      code: "denied", words: "access denied",
      advice: "the account needs the right to query, start, stop and configure the service: see "
        + "docs/windows.md"),
    1051: Meaning(
      code: "failed", words: "other services that run depend on it",
      advice: "stop them first, or name them in the inventory"),
    1053: Meaning(
      code: "failed", words: "it gave no sign of life in time",
      advice: "see the host's event log (System): it may lack memory, or wait for something"),
    1058: Meaning(
      code: "disabled", words: "it is disabled",
      advice: "set its start type, by start_type: automatic"),
    1060: Meaning(
      code: "unknown", words: "there is no such service",
      advice: "compare the names with those of the host's services (not what is displayed)"),
    1061: Meaning(
      code: "busy", words: "it can't be told anything just now",
      advice: "it is starting or stopping: look, and try again"),
    1067: Meaning(
      code: "failed", words: "its process ended unexpectedly",
      advice: "see the host's event log (Application)"),
    1068: Meaning(
      code: "failed", words: "a service that it depends on did not start",
      advice: "see that service first"),
    1069: Meaning(
      code: "logon", words: "its account could not log on",
      advice: "see the service's Log On account: its password may have changed, or an upgrade may "
        + "have reset it"),
    1072: Meaning(
      code: "failed", words: "it is marked for deletion",
      advice: "close what shows services on the host, or reboot it"),
  ]
}
