@testable import Runbook

/// A text read, and what was said about it.
struct Reading {
  let root: YAMLNode?
  let diagnostics: Diagnostics

  init(_ bytes: [UInt8], limits: YAMLLimits = YAMLLimits()) {
    let collector = DiagnosticCollector(file: "test.yaml", area: .runbook)
    root = YAMLReader(limits: limits).read(bytes, into: collector)
    diagnostics = collector.diagnostics
  }

  init(_ text: String, limits: YAMLLimits = YAMLLimits()) {
    self.init(Array(text.utf8), limits: limits)
  }

  /// `line:column code` of everything said.
  var said: [String] {
    diagnostics.all.map { "\($0.position.map(\.description) ?? "-") \($0.code)" }
  }
}

extension YAMLNode {
  subscript(key: String) -> YAMLNode? {
    guard case .mapping(let pairs) = content else { return nil }
    return pairs.first { $0.key == key }?.value
  }

  subscript(index: Int) -> YAMLNode? {
    guard case .sequence(let items) = content, items.indices.contains(index) else { return nil }
    return items[index]
  }

  var text: String? { scalar?.text }
}
