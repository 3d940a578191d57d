import Actuators
import Engine
import Foundation
import Journal
import Review
import Runbook

/// A runbook and an inventory, read and bound into a plan.
struct LoadedPlan {
  let plan: Plan
  let warnings: Diagnostics
  private let runbookFile: String
  private let inventoryFile: String
  private let parameters: [String: String]
  private let runbookText: SourceText
  private let inventoryText: SourceText

  /// Throws `Diagnostics` with everything that is wrong. Warnings are shown on standard error.
  init(
    runbookFile: String, inventoryFile: String, parameters: [String: String], console: Console
  ) throws {
    self.runbookFile = URL(fileURLWithPath: runbookFile).standardizedFileURL.path
    self.inventoryFile = URL(fileURLWithPath: inventoryFile).standardizedFileURL.path
    self.parameters = parameters
    runbookText = try SourceText(contentsOf: runbookFile)
    inventoryText = try SourceText(contentsOf: inventoryFile)
    let planned = try Planner(catalogue: .standard).plan(
      runbook: runbookText, inventory: inventoryText, parameters: parameters)
    plan = planned.plan
    warnings = planned.warnings
    try console.redactor.reserve(plan)
    for warning in warnings.all { console.writeError(warning.description) }
  }

  /// For saying where something in the plan is written.
  func sources() throws -> PlanSources {
    try PlanSources(runbook: runbookText, inventory: inventoryText)
  }

  func origin(
    accepted: [String: String] = [:], disasterAt: Timestamp? = nil,
    savedPlan: PlanExecution? = nil, proof: ProofRecord? = nil
  ) -> RunOrigin {
    RunOrigin(
      runbookFile: runbookFile, inventoryFile: inventoryFile, givenParameters: parameters,
      accepted: accepted, disasterAt: disasterAt, savedPlan: savedPlan, proof: proof)
  }
}

extension Redactor {
  /// Keeps the names of a plan readable.
  func reserve(_ plan: Plan) throws {
    reserve(try JSON(encoding: plan).texts.joined(separator: "\n"))
  }
}

extension JSON {
  /// All texts in it, but the names of members.
  fileprivate var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .array(let elements): elements.flatMap(\.texts)
    case .object(let members): members.values.flatMap(\.texts)
    case .null, .boolean, .integer, .number: []
    }
  }
}
