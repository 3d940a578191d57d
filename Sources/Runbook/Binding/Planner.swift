/// Binds a runbook to an inventory and to values for its parameters.
public struct Planner: Sendable {
  /// A plan, and what is worth saying about it.
  public struct Planned: Sendable {
    public let plan: Plan
    /// Warnings only.
    public let warnings: Diagnostics
  }

  private let catalogue: ActionCatalogue

  /// - Parameter catalogue: the actions that runbooks may name.
  public init(catalogue: ActionCatalogue) { self.catalogue = catalogue }

  /// The plan: every value resolved but those that only the run can give, every order written out.
  /// - Parameter parameters: values as an operator types them, by the parameter's name.
  /// - Throws: everything that is wrong with the runbook, the inventory and the values, at once.
  public func plan(
    runbook: SourceText, inventory: SourceText, parameters: [String: String] = [:]
  ) throws(Diagnostics) -> Planned {
    let planning = Planning(runbook: runbook, inventory: inventory, catalogue: catalogue)
    let plan = planning.run(parameters, mustBeComplete: true)
    let diagnostics = planning.diagnostics
    guard let plan, !diagnostics.hasErrors else { throw diagnostics }
    return Planned(plan: plan, warnings: diagnostics)
  }

  /// All that can be said about a runbook for which not every parameter has a value yet.
  public func check(
    runbook: SourceText, inventory: SourceText, parameters: [String: String] = [:]
  ) -> Diagnostics {
    let planning = Planning(runbook: runbook, inventory: inventory, catalogue: catalogue)
    _ = planning.run(parameters, mustBeComplete: false)
    return planning.diagnostics
  }
}

/// One run of the planner: the texts, and what has been said about each.
private struct Planning {
  let runbook: SourceText
  let inventory: SourceText
  let catalogue: ActionCatalogue
  let runbookFaults: DiagnosticCollector
  let inventoryFaults: DiagnosticCollector
  let parameterFaults = DiagnosticCollector(file: ParameterBinder.origin, area: .parameter)

  init(runbook: SourceText, inventory: SourceText, catalogue: ActionCatalogue) {
    self.runbook = runbook
    self.inventory = inventory
    self.catalogue = catalogue
    runbookFaults = DiagnosticCollector(file: runbook.file, area: .runbook)
    inventoryFaults = DiagnosticCollector(file: inventory.file, area: .inventory)
  }

  var diagnostics: Diagnostics {
    Diagnostics(merging: [runbookFaults, inventoryFaults, parameterFaults].map(\.diagnostics))
  }

  /// The plan; nil when something is wrong or missing. Without a sound inventory nothing is bound:
  /// every name would seem unknown.
  func run(_ values: [String: String], mustBeComplete: Bool) -> Plan? {
    let inventory = Inventory.read(inventory, into: inventoryFaults)
    let document = RunbookDocument.read(runbook, into: runbookFaults)
    guard let inventory, let document, !inventoryFaults.hasErrors else { return nil }
    let parameters = ParameterBinder(
      declarations: document.parameters, runType: document.runType, inventory: inventory,
      document: runbookFaults, given: parameterFaults
    ).bind(values, mustBeComplete: mustBeComplete)
    let use = ParameterUse()
    let order = StepOrder(document.steps, diagnostics: runbookFaults)
    let resolver = ReferenceResolver(
      diagnostics: runbookFaults, parameters: parameters, objectives: document.objectives,
      inventory: inventory, use: use, steps: self.steps(of: document, order))
    let plan = bind(document, inventory, parameters, resolver)
    PlanWarnings(document: document, diagnostics: runbookFaults).report(usedParameters: use.names)
    return plan
  }

  private func bind(
    _ document: RunbookDocument, _ inventory: Inventory, _ parameters: ParameterBinder.Bound,
    _ resolver: ReferenceResolver
  ) -> Plan? {
    let description = description(of: document, resolver)
    let prechecks = document.prechecks.map {
      binder(inventory, resolver, document).bind($0, depends: [])
    }
    let steps = document.steps.enumerated().map { place, step in
      var resolver = resolver
      resolver.place = place
      return binder(inventory, resolver, document).bind(
        step, depends: resolver.steps.order.depends[place])
    }
    let values = parameters.compactMapValues(\.value)
    guard let description, !prechecks.contains(nil), !steps.contains(nil),
      values.count == parameters.count
    else { return nil }
    return Plan(
      runbook: document.name, description: description, runType: document.runType,
      objectives: document.objectives, parameters: values,
      prechecks: prechecks.compactMap(\.self).flatMap(\.self),
      steps: steps.compactMap(\.self).flatMap(\.self),
      inventory: inventory)
  }

  private func binder(
    _ inventory: Inventory, _ resolver: ReferenceResolver, _ document: RunbookDocument
  ) -> StepBinder {
    let texts = TextBinder(
      decoder: NodeDecoder(diagnostics: runbookFaults), resolver: resolver)
    return StepBinder(
      texts: texts, inventory: inventory, catalogue: catalogue, runType: document.runType)
  }

  private func description(
    of document: RunbookDocument, _ resolver: ReferenceResolver
  ) -> String? {
    guard let node = document.description else { return "" }
    return TextBinder(decoder: NodeDecoder(diagnostics: runbookFaults), resolver: resolver)
      .textKnownBeforeRun(node, "the description")
  }

  private func steps(
    of document: RunbookDocument, _ order: StepOrder
  ) -> ReferenceResolver.Steps {
    let all = (document.prechecks + document.steps).compactMap { step in
      step.id.map { id in
        (id.text, step.action.flatMap { catalogue[$0.text] }?.schema.facts.map(\.name) ?? [])
      }
    }
    return ReferenceResolver.Steps(
      properties: Dictionary(all, uniquingKeysWith: { first, _ in first }),
      prechecks: Set(document.prechecks.compactMap { $0.id?.text }), order: order)
  }
}
