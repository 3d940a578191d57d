/// Binds the values under a step's `with` to the kinds that its action asks for.
struct ArgumentBinder {
  typealias Kind = ActionSchema.Parameter.Kind

  let texts: TextBinder
  let inventory: Inventory
  /// The host that the step works on, whose services may be named.
  let host: Host?

  private var decoder: NodeDecoder { texts.decoder }

  /// The value; nil when it is wrong, or when a parameter in it has no value yet.
  func bind(_ node: YAMLNode, as kind: Kind) -> PlannedValue? {
    switch node.content {
    case .scalar(let scalar): bind(scalar, node, as: kind)
    case .sequence(let items): bind(items, node, as: kind)
    case .mapping(let pairs): bind(pairs, node, as: kind)
    case .refused: nil
    }
  }

  private func bind(_ items: [YAMLNode], _ node: YAMLNode, as kind: Kind) -> PlannedValue? {
    let itemKind: Kind
    switch kind {
    case .list(let kind): itemKind = kind
    case .any: itemKind = .any
    default:
      decoder.refuse(node, expected: kind.expectation)
      return nil
    }
    let bound = items.map { bind($0, as: itemKind) }
    return bound.contains(nil) ? nil : .collapsed(list: bound.compactMap(\.self))
  }

  private func bind(_ pairs: [YAMLPair], _ node: YAMLNode, as kind: Kind) -> PlannedValue? {
    switch kind {
    case .mapping(let kind): return bind(pairs) { _ in kind }
    case .any: return bind(pairs) { _ in .any }
    case .record(let fields):
      guard let record = decoder.record(node, keys: fields.map(\.name), "this mapping") else {
        return nil
      }
      for field in fields where field.isRequired { _ = record.required(field.name) }
      let kinds = Dictionary(uniqueKeysWithValues: fields.map { ($0.name, $0.kind) })
      return bind(pairs.filter { kinds[$0.key] != nil }) { kinds[$0] ?? .any }
    default:
      decoder.refuse(node, expected: kind.expectation)
      return nil
    }
  }

  private func bind(_ pairs: [YAMLPair], _ kind: (String) -> Kind) -> PlannedValue? {
    var values: [String: PlannedValue] = [:]
    var isComplete = true
    for pair in pairs {
      if let value = bind(pair.value, as: kind(pair.key)) {
        values[pair.key] = value
      } else {
        isComplete = false
      }
    }
    return isComplete ? .collapsed(mapping: values) : nil
  }

  private func bind(_ scalar: YAMLScalar, _ node: YAMLNode, as kind: Kind) -> PlannedValue? {
    if case .secret = kind { return secret(scalar, node) }
    guard let template = texts.template(scalar.text, at: node.position) else { return nil }
    if let literal = template.literal {
      let literal = YAMLNode(
        content: .scalar(YAMLScalar(text: literal, isQuoted: scalar.isQuoted)),
        position: node.position)
      return LiteralBinder(decoder: decoder, inventory: inventory, host: host)
        .bind(literal, as: kind).map { .value($0) }
    }
    if let reference = template.wholeReference {
      return bind(reference, at: node.position, as: kind)
    }
    return embedded(template, node, as: kind)
  }

  /// A value that is one reference keeps the reference's type.
  private func bind(
    _ reference: Template.Reference, at position: SourcePosition, as kind: Kind
  ) -> PlannedValue? {
    guard let resolved = texts.resolver.resolve(reference, at: position) else { return nil }
    if resolved.isLater {
      return later(reference, resolved, at: position, as: kind)
    }
    guard kind.accepts(resolved.type) else {
      texts.mismatch(reference, resolved.type, expected: kind.expectation, at: position)
      return nil
    }
    guard case .value(let value)? = resolved.value else { return nil }
    switch value {
    case .string(let text):
      return checkedText(text, at: position, as: kind)
    case .list(let items):
      guard case .list(let itemKind) = kind else { return .value(value) }
      let checked = items.map { checkedText($0.description, at: position, as: itemKind) }
      return checked.contains(nil) ? nil : .value(value)
    default:
      return .value(kind == .string ? .string(value.description) : value)
    }
  }

  /// What is seen only during the run can't be checked before it, so it may stand only for text.
  private func later(
    _ reference: Template.Reference, _ resolved: ResolvedReference, at position: SourcePosition,
    as kind: Kind
  ) -> PlannedValue? {
    switch kind {
    case .any: return resolved.value
    case .string: return resolved.value.map { .text([$0]) }
    default:
      texts.diagnostics.error(
        .notYetKnown, at: position,
        "\(reference) is known only when the run gets there; expected \(kind.expectation)",
        hint: "use a parameter: only text may be filled in during the run")
      return nil
    }
  }

  private func embedded(_ template: Template, _ node: YAMLNode, as kind: Kind) -> PlannedValue? {
    switch kind {
    case .string, .any:
      guard let parts = texts.parts(of: template, at: node.position) else { return nil }
      let values = parts.map(\.value)
      return values.contains(nil) ? nil : .collapsed(text: values.compactMap(\.self))
    case .integer, .boolean, .duration, .list, .mapping, .record:
      decoder.refuse(node, expected: kind.expectation, hint: "a reference must be the whole value")
      return nil
    default:
      return texts.join(template, at: node.position, as: kind.expectation)
        .flatMap { checkedText($0, at: node.position, as: kind) }
    }
  }

  private func checkedText(
    _ text: String, at position: SourcePosition, as kind: Kind
  ) -> PlannedValue? {
    let node = YAMLNode(
      content: .scalar(YAMLScalar(text: text, isQuoted: kind == .string || kind == .any)),
      position: position)
    return LiteralBinder(decoder: decoder, inventory: inventory, host: host).bind(node, as: kind)
      .map { .value($0) }
  }

  /// A secret's reference is written out: what an operator gives as a parameter is journalled.
  private func secret(_ scalar: YAMLScalar, _ node: YAMLNode) -> PlannedValue? {
    guard decoder.secret(node) != nil else { return nil }
    return .value(.string(scalar.text))
  }
}

extension PlannedValue {
  /// A list, as one value when nothing in it waits for the run.
  static func collapsed(list: [PlannedValue]) -> PlannedValue {
    let values = list.compactMap(\.known)
    return values.count == list.count ? .value(.list(values)) : .list(list)
  }

  static func collapsed(mapping: [String: PlannedValue]) -> PlannedValue {
    let values = mapping.compactMapValues(\.known)
    return values.count == mapping.count ? .value(.mapping(values)) : .mapping(mapping)
  }

  static func collapsed(text: [PlannedValue]) -> PlannedValue {
    let values = text.compactMap(\.known)
    return values.count == text.count
      ? .value(.string(values.map(\.description).joined())) : .text(text)
  }

  /// The value, when it is known before the run.
  var known: Value? { if case .value(let value) = self { value } else { nil } }
}
