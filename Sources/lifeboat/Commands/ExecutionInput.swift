import Actuators
import ArgumentParser
import Engine
import Runbook

/// What an execution works on: a runbook, or the plan that a rehearsal saved.
struct ExecutionInput: ParsableArguments {
  @Argument(
    help: "The runbook, a YAML file; none with --plan.",
    completion: .file(extensions: ["yaml", "yml"]))
  var runbook: String?

  @OptionGroup var binding: BindingOptions

  @Option(
    help: "Execute the plan that 'lifeboat rehearse --out' saved, if nothing has changed since.",
    completion: .file(extensions: ["json"]))
  var plan: String?

  @Option(
    name: .customLong("accept-drift"),
    help: ArgumentHelp(
      "With --plan: go on although this fact is not what it was. The journal keeps it. May be repeated.",
      discussion: "A fact as the refusal names it: 'dr.scheduler/server state'.",
      valueName: "subject property"))
  var acceptedDrift: [String] = []

  func validate() throws {
    if plan != nil {
      guard runbook == nil, binding.isEmpty else {
        throw ValidationError(
          "--plan names its runbook, inventory and parameters itself: leave RUNBOOK, --sites and --set out"
        )
      }
    } else {
      guard runbook != nil else {
        throw ValidationError("Name a runbook, or a saved plan by --plan.")
      }
      guard acceptedDrift.isEmpty else {
        throw ValidationError("--accept-drift needs --plan: without one nothing is compared")
      }
    }
  }

  /// Throws `EngineError` when the saved plan isn't what its runbook and inventory say now.
  func load(
    warningsOn console: Console
  ) throws -> (loaded: LoadedPlan, saved: PlanExecution?) {
    guard let plan else {
      return (try binding.load(runbook ?? "", warningsOn: console), nil)
    }
    let saved = try SavedPlanFile(path: plan).read()
    let loaded = try LoadedPlan(
      runbookFile: saved.content.runbookFile, inventoryFile: saved.content.inventoryFile,
      parameters: saved.content.givenParameters, console: console)
    try saved.requireSame(loaded.plan)
    let execution = PlanExecution(saved, acceptedDrift: Set(acceptedDrift))
    if let unknown = execution.unknownNames(loaded.plan, in: .standard).first {
      throw InputError(
        "input.unknown_fact", "--accept-drift '\(unknown)': the plan looks at no such fact",
        advice: "name it as the refusal does, 'SUBJECT PROPERTY'")
    }
    return (loaded, execution)
  }
}
