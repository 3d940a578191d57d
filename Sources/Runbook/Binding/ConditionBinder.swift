/// Reads a step's `when`: comparisons with `==` and `!=`, joined by `and`; a truth value stands alone.
struct ConditionBinder {
  /// One word of a condition, with what it is.
  private enum Token: Equatable {
    /// A reference or a bare word.
    case bare(String)
    case quoted(String)
    case equal, notEqual, and
  }

  let texts: TextBinder

  /// The condition; nil when it is wrong, or when a parameter in it has no value yet.
  func bind(_ node: YAMLNode) -> Condition? {
    guard
      let text = texts.decoder.nonEmptyString(node, "a condition, as \"${mode} == graceful\""),
      let tokens = tokens(of: text, at: node.position)
    else { return nil }
    let groups = tokens.split(separator: .and, omittingEmptySubsequences: false)
    let comparisons = groups.map { comparison(Array($0), at: node.position) }
    guard !comparisons.contains(nil) else { return nil }
    return Condition(text: text, comparisons: comparisons.compactMap(\.self))
  }

  private func tokens(of text: String, at position: SourcePosition) -> [Token]? {
    var tokens: [Token] = []
    var rest = text[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest = rest.dropFirst()
      } else if rest.hasPrefix("==") || rest.hasPrefix("!=") {
        tokens.append(first == "=" ? .equal : .notEqual)
        rest = rest.dropFirst(2)
      } else if first == "'" || first == "\"" {
        guard let end = rest.dropFirst().firstIndex(of: first) else {
          return malformed(at: position)
        }
        tokens.append(.quoted(String(rest[..<end].dropFirst())))
        rest = rest[end...].dropFirst()
      } else {
        let word = rest.prefix { !$0.isWhitespace && !"=!'\"".contains($0) }
        guard !word.isEmpty else { return malformed(at: position) }
        tokens.append(word == "and" ? .and : .bare(String(word)))
        rest = rest.dropFirst(word.count)
      }
    }
    return tokens
  }

  private func comparison(
    _ tokens: [Token], at position: SourcePosition
  ) -> Condition.Comparison? {
    switch tokens.count {
    case 1:
      guard let left = operand(tokens[0], at: position) else { return nil }
      guard left.type == .boolean else {
        return malformed(at: position)
      }
      return comparison(left, isEqual: true, .init(type: .boolean, value: .value(true)))
    case 3 where tokens[1] == .equal || tokens[1] == .notEqual:
      guard let left = operand(tokens[0], at: position),
        let right = operand(tokens[2], at: position),
        agree(left, right, at: position)
      else { return nil }
      return comparison(left, isEqual: tokens[1] == .equal, right)
    default: return malformed(at: position)
    }
  }

  private func comparison(
    _ left: ResolvedReference, isEqual: Bool, _ right: ResolvedReference
  ) -> Condition.Comparison? {
    guard let leftValue = left.value, let rightValue = right.value else { return nil }
    return Condition.Comparison(left: leftValue, isEqual: isEqual, right: rightValue)
  }

  private func operand(_ token: Token, at position: SourcePosition) -> ResolvedReference? {
    switch token {
    case .quoted(let text): return literal(text)
    case .bare(let word):
      guard let template = texts.template(word, at: position) else { return nil }
      if let reference = template.wholeReference {
        return texts.resolver.resolve(reference, at: position)
      }
      guard let text = template.literal else { return malformed(at: position) }
      return literal(text)
    case .equal, .notEqual, .and: return malformed(at: position)
    }
  }

  /// A word is of no type of its own: what it is compared with decides.
  private func literal(_ text: String) -> ResolvedReference {
    ResolvedReference(type: .string, value: .value(.string(text)))
  }

  /// Whether the two sides can ever be equal.
  private func agree(
    _ left: ResolvedReference, _ right: ResolvedReference, at position: SourcePosition
  ) -> Bool {
    for (side, other) in [(left, right), (right, left)] where other.type == .string {
      guard let text = other.text, let words = side.type.words(in: texts.resolver.inventory),
        !words.contains(text)
      else { continue }
      texts.diagnostics.error(
        .unknownChoice, at: position,
        "\(Quoted.text(text)) is never equal: expected one of \(words.joined(separator: ", "))",
        hint: NearestWord.find(text, in: words).map { "did you mean '\($0)'?" })
      return false
    }
    return true
  }

  private func malformed<Result>(at position: SourcePosition) -> Result? {
    texts.diagnostics.error(
      .badCondition, at: position,
      "expected a comparison, as \"${mode} == graceful\"",
      hint: "compare with == or !=, and join comparisons with 'and'")
    return nil
  }
}

extension ValueType {
  /// All values that it has, when they can be listed.
  fileprivate func words(in inventory: Inventory) -> [String]? {
    switch self {
    case .choice(let choices): choices
    case .site: inventory.sites.map(\.name)
    case .host: inventory.hosts.map(\.id)
    case .boolean: ["true", "false"]
    case .string, .integer, .duration, .list, .observed: nil
    }
  }
}
