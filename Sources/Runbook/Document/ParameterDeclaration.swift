/// A parameter of a runbook, as declared.
public struct ParameterDeclaration: Sendable {
  /// The names of the types, as runbooks write them.
  public enum TypeName: String, Sendable, CaseIterable {
    case site, string, integer, boolean, duration, choice
  }

  public let name: String
  public let type: TypeName
  /// Of a `choice`: what may be chosen.
  public let choices: [String]
  /// The default as text; nil when the operator must give a value.
  public let defaultText: String?
  public let description: String?
  let position: SourcePosition
  let defaultPosition: SourcePosition?

  /// Names that references already use for something else.
  static let reservedNames = ["host", "objectives", "sites", "steps"]
  static let keys = ["type", "default", "choices", "description"]

  static func all(in node: YAMLNode, with decoder: NodeDecoder) -> [ParameterDeclaration] {
    (decoder.pairs(node, "a mapping of parameters by name") ?? []).compactMap { pair in
      guard decoder.checkName(pair.key, at: pair.keyPosition, "the name of a parameter") else {
        return nil
      }
      if reservedNames.contains(pair.key) {
        decoder.diagnostics.error(
          .badName, at: pair.keyPosition,
          "'\(pair.key)' can't be the name of a parameter: ${\(pair.key)…} means something else",
          hint: "give it another name")
      }
      return ParameterDeclaration(decoding: pair, with: decoder)
    }
  }

  private init?(decoding pair: YAMLPair, with decoder: NodeDecoder) {
    guard let record = decoder.record(pair.value, keys: Self.keys, "a parameter") else {
      return nil
    }
    let types = TypeName.allCases.map(\.rawValue).joined(separator: ", ")
    guard
      let type = record.required("type", hint: "one of \(types)")
        .flatMap({ decoder.choice($0, of: TypeName.self) })
    else { return nil }
    name = pair.key
    position = pair.keyPosition
    self.type = type
    choices = Self.choices(in: record, of: type, with: decoder)
    description = record["description"].flatMap { decoder.string($0) }
    defaultPosition = record["default"]?.position
    defaultText = record["default"].flatMap { [choices] in
      Self.defaultText($0, of: type, choices, with: decoder)
    }
  }

  private static func choices(
    in record: RecordNode, of type: TypeName, with decoder: NodeDecoder
  ) -> [String] {
    guard type == .choice else {
      if let position = record.keyPosition(of: "choices") {
        decoder.diagnostics.error(
          .unknownKey, at: position, "a parameter of type \(type.rawValue) has no choices",
          hint: "write type: choice, or remove them")
      }
      return []
    }
    let items =
      record.required("choices", hint: "as in choices: [graceful, ungraceful]")
      .flatMap { decoder.nonEmptyList($0, "a list of words") } ?? []
    return decoder.distinct(items, "a word").map(\.text)
  }

  private static func defaultText(
    _ node: YAMLNode, of type: TypeName, _ choices: [String], with decoder: NodeDecoder
  ) -> String? {
    switch type {
    case .site: decoder.name(node, "the name of a site")
    case .string: decoder.string(node)
    case .integer: decoder.integer(node).map(String.init)
    case .boolean: decoder.boolean(node).map { $0 ? "true" : "false" }
    case .duration: decoder.duration(node)
    // Without choices the lack of them has been reported.
    case .choice: choices.isEmpty ? nil : decoder.choice(node, choices)
    }
  }
}
