/// Turns nodes into what the schema asks for. Each function returns nil after saying what is wrong,
/// so that a caller goes on and finds the next fault.
struct NodeDecoder {
  let diagnostics: DiagnosticCollector

  /// Says that something else than `expected` was found.
  func refuse(_ node: YAMLNode, expected: String, hint: String? = nil) {
    if case .refused = node.content { return }
    diagnostics.error(
      .wrongType, at: node.position, "expected \(expected), found \(node.summary)", hint: hint)
  }

  /// A text. A plain `15` is a text too, where a text is asked for; nothing at all is none.
  func string(_ node: YAMLNode, _ expected: String = "text") -> String? {
    guard let scalar = node.scalar else {
      refuse(node, expected: expected)
      return nil
    }
    guard !scalar.isNull else {
      refuse(
        node, expected: expected,
        hint: scalar.text.isEmpty ? nil : "quote it if the word is meant: \"\(scalar.text)\"")
      return nil
    }
    return scalar.text
  }

  /// A text with something in it.
  func nonEmptyString(_ node: YAMLNode, _ expected: String) -> String? {
    guard let text = string(node, expected) else { return nil }
    guard !text.isEmpty else {
      diagnostics.error(.badValue, at: node.position, "expected \(expected), found empty text")
      return nil
    }
    return text
  }

  /// A whole number in `range`.
  func integer(_ node: YAMLNode, in range: ClosedRange<Int> = Int.min...Int.max) -> Int? {
    guard let scalar = node.scalar, let number = ScalarSyntax.integer(scalar) else {
      refuse(
        node, expected: "a whole number",
        hint: node.scalar.flatMap(ScalarSyntax.hintForInteger))
      return nil
    }
    guard range.contains(number) else {
      diagnostics.error(
        .outOfRange, at: node.position,
        "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(number)")
      return nil
    }
    return number
  }

  /// `true` or `false`.
  func boolean(_ node: YAMLNode) -> Bool? {
    guard let scalar = node.scalar, let boolean = ScalarSyntax.boolean(scalar) else {
      refuse(
        node, expected: "true or false", hint: node.scalar.flatMap(ScalarSyntax.hintForBoolean))
      return nil
    }
    return boolean
  }

  /// A duration such as `2m30s`, kept as it is written.
  func duration(_ node: YAMLNode) -> String? {
    guard let text = node.scalar?.text, Duration(runbook: text) != nil else {
      refuse(
        node, expected: "a duration, as 2m30s",
        hint: node.scalar.flatMap { ScalarSyntax.hintForDuration($0.text) })
      return nil
    }
    return text
  }

  /// One of `choices`.
  func choice(_ node: YAMLNode, _ choices: [String]) -> String? {
    guard let text = string(node, "one of \(choices.joined(separator: ", "))") else { return nil }
    guard choices.contains(text) else {
      diagnostics.error(
        .unknownChoice, at: node.position,
        "\(Quoted.text(text)) is none of \(choices.joined(separator: ", "))",
        hint: NearestWord.find(text, in: choices).map { "did you mean '\($0)'?" })
      return nil
    }
    return text
  }

  /// One of the cases of an enumeration of words.
  func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ node: YAMLNode, of type: Choice.Type
  ) -> Choice? {
    choice(node, type.allCases.map(\.rawValue)).flatMap(Choice.init)
  }

  /// A name: `[a-z][a-z0-9-]*`.
  func name(_ node: YAMLNode, _ what: String) -> String? {
    guard let text = string(node, what) else { return nil }
    return checkName(text, at: node.position, what) ? text : nil
  }

  /// Whether `text` is a name; if not, that is said.
  func checkName(_ text: String, at position: SourcePosition, _ what: String) -> Bool {
    guard !ScalarSyntax.isName(text) else { return true }
    diagnostics.error(
      .badName, at: position,
      "\(Quoted.text(text)) can't be \(what): expected small letters, digits and '-', a letter first",
      hint: ScalarSyntax.hintForName(text))
    return false
  }

  /// A path that starts at a root.
  func absolutePath(_ node: YAMLNode) -> String? {
    guard let path = nonEmptyString(node, "an absolute path") else { return nil }
    guard ScalarSyntax.isAbsolutePath(path) else {
      diagnostics.error(
        .notAbsolute, at: node.position, "\(Quoted.text(path)) is not an absolute path",
        hint: "start it with '/', a drive such as 'C:\\', or a share '\\\\server\\share'")
      return nil
    }
    return path
  }

  /// A reference to a secret. What isn't one may be the secret itself, and is not repeated.
  func secret(_ node: YAMLNode) -> SecretReference? {
    if let text = node.scalar?.text, !text.contains("${"), let reference = SecretReference(text) {
      return reference
    }
    diagnostics.error(
      .literalSecret, at: node.position, "a secret must be written as a reference to it",
      hint: "write env:NAME, file:/path or command:program argument")
    return nil
  }

  /// A list of texts, each with something in it; a program and its arguments, for example.
  func strings(_ node: YAMLNode, _ expected: String) -> [String]? {
    nonEmptyList(node, expected)?.compactMap { nonEmptyString($0, "text") }
  }

  /// The items of a list.
  func list(_ node: YAMLNode, _ expected: String) -> [YAMLNode]? {
    guard case .sequence(let items) = node.content else {
      refuse(
        node, expected: expected,
        hint: node.scalar.flatMap { $0.isNull ? nil : "put [ ] around it" })
      return nil
    }
    return items
  }

  /// Texts of a list, each once.
  func distinct(_ items: [YAMLNode], _ what: String) -> [LocatedText] {
    var seen: Set<String> = []
    return items.compactMap { item in
      guard let text = nonEmptyString(item, what) else { return nil }
      guard seen.insert(text).inserted else {
        diagnostics.error(
          .duplicate, at: item.position, "\(Quoted.text(text)) is listed twice",
          hint: "remove one of the two")
        return nil
      }
      return LocatedText(text: text, position: item.position)
    }
  }

  /// The items of a list with at least one.
  func nonEmptyList(_ node: YAMLNode, _ expected: String) -> [YAMLNode]? {
    guard let items = list(node, expected) else { return nil }
    guard !items.isEmpty else {
      diagnostics.error(.emptyList, at: node.position, "expected \(expected), found an empty list")
      return nil
    }
    return items
  }

  /// The pairs of a mapping whose keys the writer chooses.
  func pairs(_ node: YAMLNode, _ expected: String) -> [YAMLPair]? {
    guard case .mapping(let pairs) = node.content else {
      refuse(node, expected: expected)
      return nil
    }
    return pairs
  }

  /// A mapping with known keys. Unknown ones are reported, with the nearest known word.
  func record(_ node: YAMLNode, keys: [String], _ what: String) -> RecordNode? {
    guard let pairs = pairs(node, "\(what): a mapping with \(keys.joined(separator: ", "))") else {
      return nil
    }
    for pair in pairs where !keys.contains(pair.key) {
      diagnostics.error(
        .unknownKey, at: pair.keyPosition, "\(what) has no key \(Quoted.text(pair.key))",
        hint: NearestWord.hint(for: pair.key, in: keys, called: "known keys"))
    }
    return RecordNode(pairs: pairs, position: node.position, what: what, decoder: self)
  }
}

/// A mapping with known keys.
struct RecordNode {
  let pairs: [YAMLPair]
  let position: SourcePosition
  private let what: String
  private let decoder: NodeDecoder

  fileprivate init(
    pairs: [YAMLPair], position: SourcePosition, what: String, decoder: NodeDecoder
  ) {
    self.pairs = pairs
    self.position = position
    self.what = what
    self.decoder = decoder
  }

  /// The value under `key`; nil when there is none.
  subscript(key: String) -> YAMLNode? { pairs.first { $0.key == key }?.value }

  func keyPosition(of key: String) -> SourcePosition? {
    pairs.first { $0.key == key }?.keyPosition
  }

  /// The value under `key`, whose lack is reported.
  func required(_ key: String, hint: String? = nil) -> YAMLNode? {
    if let value = self[key] { return value }
    decoder.diagnostics.error(
      .missingKey, at: position, "\(what) needs the key '\(key)'", hint: hint)
    return nil
  }
}
