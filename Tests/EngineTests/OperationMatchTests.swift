import Runbook
import Testing

@testable import TestSupport

/// The conformance suite finds an action out that does something else than it says.
struct OperationMatchTests {
  private static let host = Host(site: "dr", name: "one", connection: .local)
  private static func work(_ name: Character) -> Operation.Work {
    .command(Command([String(name)]), on: host)
  }

  /// `a`: done; `(a)`: done under a condition; `*`: untold.
  private static func operations(_ text: String) -> [Operation] {
    var result: [Operation] = []
    var isConditional = false
    for character in text {
      switch character {
      case "(": isConditional = true
      case ")": isConditional = false
      case "*": result.append(Operation(.untold("it depends")))
      default: result.append(Operation(work(character), if: isConditional ? "so" : nil))
      }
    }
    return result
  }

  @Test(arguments: [
    ("ab", "ab", true), ("ab", "ba", false), ("ab", "a", false), ("ab", "abc", false),
    ("", "", true), ("", "a", false), ("a", "", false),
    ("a(b)c", "abc", true), ("a(b)c", "ac", true), ("a(b)c", "abbc", false), ("(a)(b)", "", true),
    ("(a)a", "a", true), ("*", "xyz", true), ("*", "", true), ("a*b", "axyb", true),
    ("a*b", "axy", false), ("a*b", "xb", false),
  ]) func whatWasDoneIsWhatWasSaid(_ told: String, _ done: String, _ holds: Bool) {
    let performed = done.map(Self.work)
    #expect(Self.operations(told).allow(performed[...], isCutOff: false) == holds)
  }

  @Test(arguments: [("ab", "a", true), ("ab", "", true), ("ab", "b", false), ("ab", "abc", false)])
  func whatWasCutOffIsABeginning(_ told: String, _ done: String, _ holds: Bool) {
    let performed = done.map(Self.work)
    #expect(Self.operations(told).allow(performed[...], isCutOff: true) == holds)
  }
}
