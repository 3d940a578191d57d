/// Binds one step: its action's schema, its target, its arguments, its times.
struct StepBinder {
  static let defaultRetryInterval = "5s"

  let texts: TextBinder
  let inventory: Inventory
  let catalogue: ActionCatalogue
  let runType: RunType

  private var diagnostics: DiagnosticCollector { texts.diagnostics }

  /// The planned step, or one for each host of a group; nil when something is wrong with it, or when a parameter has no
  /// value yet.
  func bind(_ step: StepDocument, depends: [String]) -> [PlannedStep]? {
    guard let action = step.action, let type = find(action) else {
      _ = bindParts(step)
      return nil
    }
    checkUse(of: type, in: step)
    let target = TargetBinder(texts: texts, inventory: inventory)
      .bind(step.target, for: type.schema, at: step.position)
    let drillRules = DrillRules(runType: runType, diagnostics: diagnostics)
    if case .group(let group, let hosts) = target {
      for host in hosts { drillRules.check(type.schema, of: step, on: .host(host)) }
      return fanOut(step, to: group, hosts, type, depends: depends)
    }
    for key in step.groupKeys where target != nil || type.schema.target == .none {
      diagnostics.error(
        .unknownKey, at: key.position,
        "'\(key.text)' has a meaning only where the target is a group",
        hint: inventory.groups.isEmpty
          ? "the inventory has no groups"
          : "groups: \(inventory.groups.map(\.name).joined(separator: ", "))")
    }
    var one: Target?
    if case .one(let found) = target { one = found }
    if one != nil || type.schema.target == .none {
      drillRules.check(type.schema, of: step, on: one)
    }
    return bind(step, type, one, depends: depends, fanOut: nil).map { [$0] }
  }

  /// What is wrong is said once, of the first host of which it is true.
  private func fanOut(
    _ step: StepDocument, to group: HostGroup, _ hosts: [Host], _ type: any Action.Type,
    depends: [String]
  ) -> [PlannedStep]? {
    if step.maxFailed != nil, step.onError == .continue {
      diagnostics.warning(
        .idleKey, at: step.groupKeys.first { $0.text == "max_failed" }?.position,
        "'max_failed' has no effect beside on_error: continue, which tolerates every failure",
        hint: "remove one of the two")
    }
    let fanOut = step.id.map { id in
      FanOut(
        step: id.text, group: group.name,
        maxParallel: step.maxParallel ?? FanOut.defaultMaxParallel,
        maxFailed: step.maxFailed?.count(of: hosts.count) ?? 0)
    }
    if let id = step.id { texts.resolver.steps.fanOuts.steps.insert(id.text) }
    var planned: [PlannedStep] = []
    for host in hosts {
      guard
        let one = bound(to: host).bind(step, type, .host(host), depends: depends, fanOut: fanOut)
      else { return nil }
      planned.append(one)
    }
    return planned
  }

  private func bound(to host: Host) -> StepBinder {
    var resolver = texts.resolver
    resolver.host = host
    return StepBinder(
      texts: TextBinder(decoder: texts.decoder, resolver: resolver), inventory: inventory,
      catalogue: catalogue, runType: runType)
  }

  /// What a step has whatever its action is; nil when a part of it is wrong.
  private struct Parts {
    var name: String?
    var when: Condition?
    var timeout: String?
    var retry: PlannedStep.Retry?
    var approval: PlannedStep.Approval?
  }

  private func bindParts(_ step: StepDocument) -> Parts? {
    var complete = Completeness()
    let parts = Parts(
      name: complete.take(step.name) { texts.textKnownBeforeRun($0, "the step's name") },
      when: complete.take(step.when, ConditionBinder(texts: texts).bind),
      timeout: complete.take(step.timeout) { texts.duration($0, "a timeout") },
      retry: complete.take(step.retry, bind), approval: complete.take(step.approval, bind))
    return complete.holds ? parts : nil
  }

  private func bind(
    _ step: StepDocument, _ type: any Action.Type, _ target: Target?, depends: [String],
    fanOut: FanOut?
  ) -> PlannedStep? {
    let schema = type.schema
    let parts = bindParts(step)
    let overrides = overrides(of: step, schema)
    let arguments = arguments(of: step, schema, host: target?.host)
    guard let id = step.id?.text, let action = step.action, let arguments, let parts,
      target != nil || schema.target == .none
    else { return nil }
    let plannedID = target?.host.flatMap { fanOut?.id(on: $0) } ?? id
    guard construct(type, step, id: plannedID, arguments, target) else { return nil }
    return PlannedStep(
      id: plannedID, name: parts.name ?? id, action: action.text, target: target,
      arguments: arguments, when: parts.when, depends: depends,
      timeout: parts.timeout ?? schema.defaultTimeout.runbookText, retry: parts.retry,
      onError: step.onError, onUnreachable: step.onUnreachable, approval: parts.approval,
      isCritical: step.isCritical, overriddenGuards: overrides, fanOut: fanOut,
      isAlways: step.isAlways)
  }

  private func find(_ action: LocatedText) -> (any Action.Type)? {
    if let type = catalogue[action.text] { return type }
    diagnostics.error(
      .unknownAction, at: action.position, "there is no action \(Quoted.text(action.text))",
      hint: NearestWord.find(action.text, in: catalogue.schemas.map(\.name))
        .map { "did you mean '\($0)'?" } ?? "'lifeboat actions' lists them")
    return nil
  }

  private func bind(_ retry: StepDocument.Retry) -> PlannedStep.Retry? {
    let interval =
      retry.interval.map { texts.duration($0, "an interval") } ?? Self.defaultRetryInterval
    guard let limit = retry.limit, let interval else { return nil }
    return PlannedStep.Retry(limit: limit, interval: interval, backoff: retry.backoff)
  }

  private func bind(_ approval: StepDocument.Approval) -> PlannedStep.Approval? {
    if let signed = approval.signed, inventory.allowedSigners == nil {
      diagnostics.error(
        .missingSigners, at: signed, "nobody's signature can be verified",
        hint: "add people: { allowed_signers: /path } to the inventory")
    }
    return texts.textKnownBeforeRun(approval.prompt, "the prompt").map {
      PlannedStep.Approval(
        prompt: $0, required: approval.required, signed: approval.signed == nil ? nil : true)
    }
  }
}

extension StepBinder {
  /// Says what can't be done, or is without effect, with this action at this place.
  private func checkUse(of type: any Action.Type, in step: StepDocument) {
    let schema = type.schema
    if step.isPrecheck {
      if !schema.worksAsPrecheck {
        diagnostics.error(
          .notAPrecheck, at: step.action?.position,
          "\(schema.name) \(schema.effect == .asks ? "asks people" : "changes something"), "
            + "and prechecks only look", hint: "make it a step")
      }
      return
    }
    if let position = step.criticalPosition {
      diagnostics.warning(
        .idleKey, at: position, "'critical' has no effect on a step, only on a precheck",
        hint: "on_error says what happens after a failure")
    }
    if let retry = step.retry, schema.effect == .waits || schema.effect == .asks {
      diagnostics.warning(
        .idleKey, at: retry.position,
        "'retry' has no effect: \(schema.name) waits as it is",
        hint: "raise the timeout")
    }
  }

  private func overrides(of step: StepDocument, _ schema: ActionSchema) -> [String: String] {
    let known = schema.guards.map(\.name)
    for override in step.overrides where !known.contains(override.guardID.text) {
      diagnostics.error(
        .unknownGuard, at: override.guardID.position,
        "\(schema.name) has no guard \(Quoted.text(override.guardID.text))",
        hint: NearestWord.hint(for: override.guardID.text, in: known, called: "its guards"))
    }
    return Dictionary(
      step.overrides.map { ($0.guardID.text, $0.reason) }, uniquingKeysWith: { first, _ in first })
  }

  private func arguments(
    of step: StepDocument, _ schema: ActionSchema, host: Host?
  ) -> [String: PlannedValue]? {
    let binder = ArgumentBinder(texts: texts, inventory: inventory, host: host)
    var arguments: [String: PlannedValue] = [:]
    var isComplete = true
    for pair in step.with {
      guard let parameter = schema.parameters.first(where: { $0.name == pair.key }) else {
        diagnostics.error(
          .unknownParameter, at: pair.keyPosition,
          "\(schema.name) has no parameter \(Quoted.text(pair.key))",
          hint: NearestWord.hint(
            for: pair.key, in: schema.parameters.map(\.name), called: "its parameters"))
        continue
      }
      arguments[pair.key] = binder.bind(pair.value, as: parameter.kind)
      if arguments[pair.key] == nil { isComplete = false }
    }
    for parameter in schema.parameters where parameter.isRequired {
      guard !step.with.contains(where: { $0.key == parameter.name }) else { continue }
      isComplete = false
      diagnostics.error(
        .missingParameter, at: step.withPosition ?? step.position,
        "\(schema.name) needs the parameter '\(parameter.name)': \(parameter.kind.expectation)",
        hint: parameter.whyRequired ?? parameter.summary)
    }
    return isComplete ? arguments : nil
  }

  /// Lets the action say what a schema can't; false when it refuses. Values that come during the run it sees then.
  private func construct(
    _ type: any Action.Type, _ step: StepDocument, id: String,
    _ arguments: [String: PlannedValue], _ target: Target?
  ) -> Bool {
    let known = arguments.compactMapValues(\.known)
    guard known.count == arguments.count else { return true }
    do {
      _ = try type.init(
        Arguments(step: id, values: known, target: target, inventory: inventory))
      return true
    } catch {
      let error = error as? ActionError
      diagnostics.error(
        .refusedArguments, at: step.withPosition ?? step.position,
        error?.message ?? "\(type.schema.name) refuses its arguments", hint: error?.advice)
      return false
    }
  }
}

/// Whether every part that is written could be bound.
private struct Completeness {
  private(set) var holds = true

  /// What `bind` makes of `node`; a node without a result makes the whole incomplete.
  mutating func take<Node, Result>(_ node: Node?, _ bind: (Node) -> Result?) -> Result? {
    guard let node else { return nil }
    let result = bind(node)
    if result == nil { holds = false }
    return result
  }
}

extension Target {
  fileprivate var host: Host? { if case .host(let host) = self { host } else { nil } }
}
