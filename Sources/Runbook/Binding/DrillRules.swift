/// A drill acts on nothing but what is there for drills, and no other run acts on that: whoever practises can't touch what is
/// real, and what is real doesn't depend on a drill's things.
struct DrillRules {
  let runType: RunType
  let diagnostics: DiagnosticCollector

  /// Says what is wrong with a step that changes something.
  func check(_ schema: ActionSchema, of step: StepDocument, on target: Target?) {
    guard schema.effect == .changes, !step.isPrecheck else { return }
    let isDrills = target.map { staysInside($0, schema) } ?? false
    if runType == .drill {
      checkInDrill(schema, step, isDrills: isDrills)
    } else if let target, isForDrills(target) {
      diagnostics.error(
        .drillOnly, at: step.action?.position,
        "\(schema.name) on \(target): that is there for drills, and run_type is \(runType.rawValue)",
        hint: "run_type: drill is for drills; here name what is real")
    }
  }

  private func checkInDrill(_ schema: ActionSchema, _ step: StepDocument, isDrills: Bool) {
    if let override = step.overrides.first {
      diagnostics.error(
        .drillOverride, at: override.guardID.position,
        "a drill overrides no guard: they are what keeps it off what is real",
        hint: "leave the override out")
    }
    guard !isDrills, !schema.mayActInDrills else { return }
    diagnostics.error(
      .drillActsForReal, at: step.action?.position,
      "\(schema.name) acts on what is real, and this is a drill",
      hint: "in a drill a step that changes something targets a drill's host, or its copy of a "
        + "database, as scheduler@dr.drill")
  }

  /// A command of the author's goes wherever it likes, whichever host it runs on; a statement stays in its database.
  private func staysInside(_ target: Target, _ schema: ActionSchema) -> Bool {
    if case .host = target, schema.isOpaque { return false }
    return isForDrills(target)
  }

  private func isForDrills(_ target: Target) -> Bool {
    switch target {
    case .host(let host): host.drill != nil
    case .database: false
    case .databaseAtSite(_, let place): place.contains(".")
    }
  }
}
