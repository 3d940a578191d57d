import Foundation
import ODBC
import Runbook
import Testing

@testable import Actuators

/// Values that mean harm, if anything takes them for more than values.
enum HostileValues {
  /// What each of them would do, were it PowerShell or SQL: stop this service, drop this table.
  static let canary = "canary"

  static let texts = [
    "it's \"quoted\"", "‘a’ “b” „c‚", "x;Stop-Service \(canary);", "$(Stop-Service \(canary))",
    "`\"; Stop-Service \(canary) #", "'; DROP TABLE dbo.\(canary); --",
    "]; DROP TABLE dbo.\(canary); --", "<&>]]><x/>%PATH%^", "ünï 😀 \u{202e}",
    "a\r\nStop-Service \(canary)\r\n", "a\nGO\nDROP TABLE dbo.\(canary)",
    "{y} ${steps.a.b} %s \\n", String(repeating: "x", count: 10_000),
  ]

  /// The same in fewer texts, where each takes several scripts on a host. What no path may hold is by itself.
  static let compound = [
    "it's ‘a’ $(Stop-Service \(canary));`x`; Stop-Service \(canary) #ünï 😀 {y} ${x} %PATH%^ &",
    "\"; Stop-Service \(canary); \" <&>]]><x/>|*? \u{202e}", "a\r\nStop-Service \(canary)\r\n",
    String(repeating: "x", count: 10_000),
  ]

  /// A parameter, a value that is an ordinary one for it, and the way that a value takes: what has arrived at its end, or an
  /// `ActionError` where it was refused.
  struct Row: CustomTestStringConvertible, Sendable {
    let parameter: String
    let ordinary: String
    var texts = HostileValues.texts
    let way: @Sendable (String) async throws -> String?

    var testDescription: String { parameter }

    /// Each value arrives unchanged or is refused, and the ordinary one arrives: else nothing would be shown.
    func expectSafe() async throws {
      #expect(try await way(ordinary) == ordinary, "\(parameter): nothing arrives")
      for text in texts {
        do {
          let arrived = try await way(text)
          #expect(arrived == text, "\(parameter): \(text.prefix(80))")
        } catch let error as ActionError {
          #expect(!error.code.isEmpty)
        } catch let error as ODBCError {
          #expect(error.kind != .connectionLost, "\(parameter): \(error)")
        }
      }
    }
  }

  static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing("\"", with: "&quot;")
      .replacing("\r", with: "&#13;").replacing("\n", with: "&#10;")
  }
}
