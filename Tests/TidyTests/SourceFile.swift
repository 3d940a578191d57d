import Foundation

/// A Swift file of the project.
struct SourceFile: Sendable {
  /// From the project's root: `Sources/Engine/Clock/SystemTime.swift`.
  let path: String
  let lines: [String]

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// `Engine`, of a file under `Sources/Engine`; nil elsewhere.
  var target: String? {
    let parts = path.split(separator: "/")
    return parts.first == "Sources" && parts.count > 2 ? String(parts[1]) : nil
  }

  var isTest: Bool { path.hasPrefix("Tests/") }

  /// Lines with their numbers, from 1, without those that are comments altogether.
  var code: [(number: Int, text: String)] {
    lines.enumerated().map { ($0.offset + 1, $0.element) }.filter {
      !$0.1.trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }
  }

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// All Swift files under `Sources` and `Tests`.
  static func all() throws -> [SourceFile] {
    try ["Sources", "Tests"].flatMap { folder in
      let paths = FileManager.default.enumerator(
        at: root.appendingPathComponent(folder), includingPropertiesForKeys: nil)
      return try (paths?.allObjects as? [URL] ?? []).filter { $0.pathExtension == "swift" }.map {
        let path = $0.path.replacingOccurrences(of: root.path + "/", with: "")
        return SourceFile(path: path, text: try String(contentsOf: $0, encoding: .utf8))
      }
    }
  }
}

/// Where a rule is broken, and what to use instead.
struct Finding: CustomStringConvertible, Equatable {
  let path: String
  let line: Int
  let rule: String
  let instead: String

  var description: String { "\(path):\(line): \(rule); \(instead)" }
}
