import Foundation
import Runbook
import Testing

/// The files under `Fixtures/`.
enum Fixtures {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Fixtures")

  static func text(_ path: String) throws -> SourceText {
    let data = try Data(contentsOf: root.appendingPathComponent(path))
    return SourceText(
      file: URL(fileURLWithPath: path).lastPathComponent, bytes: Array(data))
  }

  /// The inventory of the embedded lab.
  static func lab() throws -> SourceText { try text("lab/sites.yaml") }
}

/// A wrong document under `Fixtures/diagnostics`, and what should be said about it.
///
/// `NAME.yaml` is a runbook, `sites-NAME.yaml` an inventory. `NAME.expected` has a line for each
/// diagnostic: `line:column: severity code: words`, the words joined by ` | ` where they stand apart.
/// A line `parameters: a=b c=d` gives an operator's values.
struct DiagnosticFixture: CustomTestStringConvertible {
  struct Expectation: Equatable {
    let head: String
    let words: [String]
  }

  let name: String
  var testDescription: String { name }

  static func all() throws -> [DiagnosticFixture] {
    let folder = Fixtures.root.appendingPathComponent("diagnostics")
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
      .filter { $0.hasSuffix(".yaml") }.map { DiagnosticFixture(name: String($0.dropLast(5))) }
      .sorted { $0.name < $1.name }
  }

  private func expectedLines() throws -> [String] {
    let data = try Data(
      contentsOf: Fixtures.root.appendingPathComponent("diagnostics/\(name).expected"))
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  func parameters() throws -> [String: String] {
    let prefix = "parameters: "
    guard let line = try expectedLines().first(where: { $0.hasPrefix(prefix) }) else { return [:] }
    let pairs = line.dropFirst(prefix.count).split(separator: " ").map {
      $0.split(separator: "=", maxSplits: 1).map(String.init)
    }
    return Dictionary(uniqueKeysWithValues: pairs.map { ($0[0], $0[1]) })
  }

  func expectations() throws -> [Expectation] {
    try expectedLines().filter { !$0.hasPrefix("parameters: ") }.map { line in
      let parts = line.components(separatedBy: ": ")
      return Expectation(
        head: parts.prefix(2).joined(separator: ": "),
        words: parts.dropFirst(2).joined(separator: ": ").components(separatedBy: " | "))
    }
  }

  func diagnostics() throws -> Diagnostics {
    let source = try Fixtures.text("diagnostics/\(name).yaml")
    if name.hasPrefix("sites-") {
      do throws(Diagnostics) {
        _ = try Inventory(reading: source)
        return Diagnostics(all: [], omitted: 0, errorCount: 0)
      } catch {
        return error
      }
    }
    let (lab, parameters) = (try Fixtures.lab(), try parameters())
    do throws(Diagnostics) {
      return try Planner(catalogue: .sample)
        .plan(runbook: source, inventory: lab, parameters: parameters).warnings
    } catch {
      return error
    }
  }
}

extension Diagnostic {
  var head: String {
    "\(position.map(\.description) ?? "-"): \(severity.rawValue) \(code)"
  }

  func says(_ words: [String]) -> Bool {
    words.allSatisfy { "\(message)\n\(hint ?? "")".contains($0) }
  }
}
