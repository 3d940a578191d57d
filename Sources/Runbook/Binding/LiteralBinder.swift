/// Checks a value without references against the kind that is asked for, and against the inventory.
struct LiteralBinder {
  let decoder: NodeDecoder
  let inventory: Inventory
  let host: Host?

  func bind(_ node: YAMLNode, as kind: ActionSchema.Parameter.Kind) -> Value? {
    switch kind {
    case .string: decoder.string(node).map { .string($0) }
    case .integer: decoder.integer(node).map { .integer($0) }
    case .boolean: decoder.boolean(node).map { .boolean($0) }
    case .duration: decoder.duration(node).map { .string($0) }
    case .size: size(node)
    case .choice(let choices): decoder.choice(node, choices).map { .string($0) }
    case .site: known(node, kind, inventory.sites.map(\.name), "site")
    case .host: known(node, kind, inventory.hosts.map(\.id), "host")
    case .service: service(node, kind)
    case .path: path(node, kind)
    case .any: natural(node)
    case .list, .mapping, .record, .secret: refuse(node, kind)
    }
  }

  private func refuse(_ node: YAMLNode, _ kind: ActionSchema.Parameter.Kind) -> Value? {
    let isNull = node.scalar?.isNull == true
    var hint: String?
    if case .list = kind, !isNull { hint = "put [ ] around it" }
    decoder.refuse(node, expected: kind.expectation, hint: hint)
    return nil
  }

  private func size(_ node: YAMLNode) -> Value? {
    guard let text = node.scalar?.text, Int(runbookSize: text) != nil else {
      decoder.refuse(
        node, expected: "a size, as 10MiB",
        hint: node.scalar.flatMap { ScalarSyntax.hintForSize($0.text) })
      return nil
    }
    return .string(text)
  }

  private func service(_ node: YAMLNode, _ kind: ActionSchema.Parameter.Kind) -> Value? {
    guard let host else {
      let all = inventory.hosts.flatMap(\.services)
      return known(node, kind, Set(all).sorted(), "service")
    }
    return known(node, kind, host.services, "service of \(host.id)")
  }

  private func path(_ node: YAMLNode, _ kind: ActionSchema.Parameter.Kind) -> Value? {
    if let text = node.scalar?.text, ScalarSyntax.isAbsolutePath(text) { return .string(text) }
    return known(node, kind, inventory.paths.map(\.name), "path")
  }

  private func known(
    _ node: YAMLNode, _ kind: ActionSchema.Parameter.Kind, _ words: [String], _ what: String
  ) -> Value? {
    guard let text = decoder.nonEmptyString(node, kind.expectation) else { return nil }
    guard words.contains(text) else {
      decoder.diagnostics.error(
        .unknownName, at: node.position, "there is no \(what) \(Quoted.text(text))",
        hint: NearestWord.hint(for: text, in: words, called: "the inventory has"))
      return nil
    }
    return .string(text)
  }

  /// Where no kind is asked for, only what can't be mistaken is anything but text.
  private func natural(_ node: YAMLNode) -> Value? {
    guard let scalar = node.scalar else { return nil }
    if scalar.isNull { return .null }
    if let boolean = ScalarSyntax.boolean(scalar) { return .boolean(boolean) }
    if let integer = ScalarSyntax.integer(scalar) { return .integer(integer) }
    return .string(scalar.text)
  }
}
