/// What a step's argument names, by the kind that its action's schema gives it.
public struct ArgumentReference: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    case site, host
    /// Anything else that is text: a command's argument, a statement, a URL.
    case text
  }

  public let argument: String
  public let kind: Kind
  public let text: String
}

extension PlannedStep {
  /// All that its arguments name; values that only the run will know are left out.
  public func references(by schema: ActionSchema) -> [ArgumentReference] {
    schema.parameters.flatMap { parameter -> [ArgumentReference] in
      guard let value = arguments[parameter.name]?.known else { return [] }
      return value.names(as: parameter.kind).map {
        ArgumentReference(argument: parameter.name, kind: $0.kind, text: $0.text)
      }
    }
  }
}

extension Value {
  fileprivate func names(
    as kind: ActionSchema.Parameter.Kind
  ) -> [(kind: ArgumentReference.Kind, text: String)] {
    switch (kind, self) {
    case (.site, .string(let text)): [(.site, text)]
    case (.host, .string(let text)): [(.host, text)]
    case (.list(let kind), .list(let items)): items.flatMap { $0.names(as: kind) }
    case (.mapping(let kind), .mapping(let items)):
      items.sorted { $0.key < $1.key }.flatMap { $0.value.names(as: kind) }
    case (.record(let fields), .mapping(let items)):
      fields.flatMap { field in items[field.name]?.names(as: field.kind) ?? [] }
    default: texts.map { (.text, $0) }
    }
  }

  /// All texts in it, without the names of a mapping's members.
  public var texts: [String] {
    switch self {
    case .string(let text): [text]
    case .list(let items): items.flatMap(\.texts)
    case .mapping(let items): items.sorted { $0.key < $1.key }.flatMap(\.value.texts)
    case .null, .boolean, .integer: []
    }
  }
}
