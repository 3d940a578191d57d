import Actuators
import Engine
import Foundation
import Runbook
import Testing

/// A shipped runbook, changed.
struct Variant: Sendable, CustomTestStringConvertible {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

  let name: String
  private var head: String
  private(set) var steps: [String]

  var testDescription: String { name }

  init(_ name: String, of runbook: String) {
    self.name = name
    let text = try? String(contentsOfFile: "\(Self.root)/Runbooks/\(runbook).yaml", encoding: .utf8)
    let parts = (text ?? "").components(separatedBy: "\nsteps:\n")
    head = parts[0] + "\nsteps:\n"
    steps = parts[1].components(separatedBy: "  - id: ").dropFirst().map { "  - id: " + $0 }
  }

  var text: String { head + steps.joined() }

  private func place(_ id: String) -> Int? {
    steps.firstIndex { $0.hasPrefix("  - id: \(id)\n") }
  }

  func without(_ id: String) -> Variant {
    var variant = self
    variant.steps.removeAll { $0.hasPrefix("  - id: \(id)\n") }
    return variant
  }

  func moving(_ id: String, before other: String) -> Variant {
    guard let from = place(id) else { return self }
    var variant = self
    let step = variant.steps.remove(at: from)
    variant.steps.insert(step, at: variant.place(other) ?? 0)
    return variant
  }

  /// With more lines in a step.
  func adding(_ lines: String..., to id: String) -> Variant {
    guard let at = place(id) else { return self }
    var variant = self
    variant.steps[at] += lines.map { "    \($0)\n" }.joined()
    return variant
  }

  func replacing(_ text: String, by other: String, in id: String) -> Variant {
    guard let at = place(id) else { return self }
    var variant = self
    #expect(variant.steps[at].contains(text), "\(name): no '\(text)' in \(id)")
    variant.steps[at] = variant.steps[at].replacing(text, with: other)
    return variant
  }

  func replacingHead(_ text: String, by other: String) -> Variant {
    var variant = self
    #expect(head.contains(text), "\(name): no '\(text)' in the head")
    variant.head = head.replacing(text, with: other)
    return variant
  }

  func replacingTimeouts(by timeout: String) -> Variant {
    var variant = self
    variant.steps = steps.map {
      $0.replacing(#/timeout: \w+/#, with: "timeout: \(timeout)")
    }
    return variant
  }

  func appending(_ step: String) -> Variant {
    var variant = self
    variant.steps.append(step)
    return variant
  }

  func overriding(_ guards: String..., in id: String) -> Variant {
    adding(
      "override_guards: [\(guards.map { "{ guard: \($0), reason: it is late }" }.joined(separator: ", "))]",
      "approval: { prompt: Go on? }", to: id)
  }

  func plan(in inventory: String = "Fixtures/lab/sites.yaml") throws -> Plan {
    try Planner(catalogue: .standard).plan(
      runbook: SourceText(file: "\(name).yaml", text: text),
      inventory: try SourceText(contentsOf: "\(Self.root)/\(inventory)"), parameters: [:]
    ).plan
  }

  func proof(
    in inventory: String = "Fixtures/lab/sites.yaml", outages: Int = 0, asksPermit: Bool = true
  ) async throws -> ProofResult {
    let plan = try plan(in: inventory)
    return try await Proof(
      of: plan, catalogue: .standard, domain: SchedulerDomain(plan, asksPermit: asksPermit),
      limits: Proof.Limits(outages: outages)
    ).explore()
  }
}
