import Engine
import Journal
import Review
import Runbook

/// What a proof found, for people and for programs.
struct ProofView {
  private let result: ProofResult
  private let plan: Plan

  init(_ result: ProofResult, plan: Plan) {
    self.result = result
    self.plan = plan
  }

  // MARK: - Text

  var lines: [Line] {
    [verdict] + result.findings.flatMap(lines) + explored + opaque + assumptions
  }

  private var verdict: Line {
    if !result.findings.isEmpty {
      let count = result.findings.count
      return Line(
        "\(plan.runbook) is NOT safe: \(count) rule\(count == 1 ? "" : "s") can be broken", .bad)
    }
    guard result.isComplete else {
      return Line(
        "\(plan.runbook): nothing was found, and NOT everything was explored; give a larger --states",
        .attention)
    }
    return Line(
      "\(plan.runbook) is safe: never two schedulers in control, no live table emptied, no loss unasked, and every way leads to an end",
      .good)
  }

  private func lines(_ finding: ProofFinding) -> [Line] {
    let change = finding.step.map { "  The step to look at: \($0)" }
    return [
      Line(""), Line("\(finding.words) (\(finding.code))", .bad),
      Line("  At the beginning: \(finding.beginning)."),
    ]
      + finding.trace.enumerated().map { Line("  \($0 + 1). \($1.words)") }
      + (change.map { [Line($0, .attention)] } ?? [])
  }

  private var explored: [Line] {
    let rows = result.explored.map { explored in
      guard explored.states > 0 else {
        return Line("  \(explored.beginning): a precheck refuses the run")
      }
      let limit = explored.isComplete ? "" : ", and ended there: not everything was explored"
      return Line(
        "  \(explored.beginning): \(explored.states) states, \(explored.moves) moves, up to \(explored.depth) moves deep\(limit)",
        explored.isComplete ? .plain : .attention)
    }
    let states = result.explored.map(\.states).reduce(0, +)
    let parts =
      result.parts > 1 ? ", in \(result.parts) parts that have nothing to do with each other" : ""
    return [Line(""), Line("Explored \(states) states\(parts)", .heading)] + rows
  }

  private var opaque: [Line] {
    guard !result.opaqueSteps.isEmpty else { return [] }
    return [
      Line(""), Line("Not seen into", .heading),
      Line(
        "  \(result.opaqueSteps.joined(separator: ", ")): taken to change nothing but what they say"
      ),
    ]
  }

  private var assumptions: [Line] {
    [Line(""), Line("Taken for granted", .heading)]
      + result.assumptions.map { Line("  - \($0)", .faint) }
  }

  // MARK: - JSON

  var json: JSON {
    [
      "runbook": .string(plan.runbook), "holds": .boolean(result.holds),
      "complete": .boolean(result.isComplete),
      "findings": .array(
        result.findings.map { finding in
          [
            "code": .string(finding.code), "message": .string(finding.words),
            "beginning": .string(finding.beginning),
            "step": finding.step.map(JSON.string) ?? .null,
            "trace": .array(finding.trace.map(event)),
          ]
        }),
      "explored": .array(
        result.explored.map { explored in
          [
            "beginning": .string(explored.beginning), "states": .integer(Int64(explored.states)),
            "moves": .integer(Int64(explored.moves)), "depth": .integer(Int64(explored.depth)),
            "complete": .boolean(explored.isComplete),
          ]
        }),
      "parts": .integer(Int64(result.parts)),
      "opaque_steps": .array(result.opaqueSteps.map(JSON.string)),
      "assumptions": .array(result.assumptions.map(JSON.string)),
    ]
  }

  private func event(_ event: ProofEvent) -> JSON {
    let kind =
      switch event.kind {
      case .step: "step"
      case .person: "person"
      case .mishap: "mishap"
      case .crash: "crash"
      case .resume: "resume"
      case .outage: "outage"
      case .comesBack: "return"
      case .world: "world"
      }
    return [
      "kind": .string(kind), "step": event.step.map(JSON.string) ?? .null,
      "message": .string(event.words),
    ]
  }
}
