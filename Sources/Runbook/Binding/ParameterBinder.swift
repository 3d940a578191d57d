/// Gives the parameters of a runbook their values: what the operator gave, else the defaults.
struct ParameterBinder {
  typealias Bound = [String: (type: ValueType, value: Value?)]

  /// Where an operator's values come from, in messages.
  static let origin = "parameters"

  let declarations: [ParameterDeclaration]
  let runType: RunType
  let inventory: Inventory
  /// For what is wrong with the runbook's own defaults.
  let document: DiagnosticCollector
  /// For what is wrong with the operator's values.
  let given: DiagnosticCollector

  func bind(_ values: [String: String], mustBeComplete: Bool) -> Bound {
    reportUnknown(values)
    var bound: Bound = [:]
    for declaration in declarations {
      bound[declaration.name] = (
        declaration.valueType, value(of: declaration, values, mustBeComplete)
      )
    }
    refuseEqualSites(bound)
    return bound
  }

  private func reportUnknown(_ values: [String: String]) {
    let names = declarations.map(\.name)
    for name in values.keys.sorted() where !names.contains(name) {
      given.error(
        .unknownParameter, at: nil, "the runbook has no parameter \(Quoted.text(name))",
        hint: NearestWord.hint(for: name, in: names, called: "its parameters"))
    }
  }

  private func value(
    of declaration: ParameterDeclaration, _ values: [String: String], _ mustBeComplete: Bool
  ) -> Value? {
    if let text = values[declaration.name] {
      return check(text, of: declaration, at: nil, into: given)
    }
    if let text = declaration.defaultText {
      return check(text, of: declaration, at: declaration.defaultPosition, into: document)
    }
    // A default that was refused has been reported.
    if mustBeComplete, declaration.defaultPosition == nil {
      given.error(
        .missingValue, at: nil, "the parameter '\(declaration.name)' needs a value",
        hint: "give \(declaration.name)=…, \(declaration.valueType)")
    }
    return nil
  }

  private func check(
    _ text: String, of declaration: ParameterDeclaration, at position: SourcePosition?,
    into diagnostics: DiagnosticCollector
  ) -> Value? {
    switch declaration.type {
    case .string: return .string(text)
    case .integer:
      if let integer = ScalarSyntax.integer(text) { return .integer(integer) }
    case .boolean:
      if let boolean = ScalarSyntax.boolean(text) { return .boolean(boolean) }
    case .duration: if Duration(runbook: text) != nil { return .string(text) }
    case .site: if inventory.site(text) != nil { return .string(text) }
    case .choice: if declaration.choices.contains(text) { return .string(text) }
    }
    diagnostics.error(
      declaration.type == .site ? .unknownName : .badValue, at: position,
      "the parameter '\(declaration.name)' can't be \(Quoted.text(text)): "
        + "expected \(declaration.valueType)", hint: hint(for: text, declaration))
    return nil
  }

  private func hint(for text: String, _ declaration: ParameterDeclaration) -> String? {
    switch declaration.type {
    case .site:
      NearestWord.hint(for: text, in: inventory.sites.map(\.name), called: "sites")
    case .choice: NearestWord.find(text, in: declaration.choices).map { "did you mean '\($0)'?" }
    case .boolean: ScalarSyntax.hintForBoolean(YAMLScalar(text: text, isQuoted: false))
    case .duration: ScalarSyntax.hintForDuration(text)
    case .integer, .string: nil
    }
  }

  /// Moving from a site to itself is a slip of the operator's, and would stop what lives there.
  private func refuseEqualSites(_ bound: Bound) {
    guard [.switchover, .failover, .failback].contains(runType) else { return }
    var first: [String: String] = [:]
    for declaration in declarations where declaration.type == .site {
      guard let site = bound[declaration.name]?.value?.string else { continue }
      if let other = first[site] {
        given.error(
          .sameSite, at: nil,
          "the parameters '\(other)' and '\(declaration.name)' both name the site '\(site)'",
          hint: "a \(runType.rawValue) is between different sites")
      } else {
        first[site] = declaration.name
      }
    }
  }
}
