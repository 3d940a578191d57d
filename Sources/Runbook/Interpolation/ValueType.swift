/// The type of what a reference stands for.
indirect enum ValueType: Hashable, CustomStringConvertible {
  case string, integer, boolean, duration, site, host
  case choice([String])
  case list(ValueType)
  /// A fact: its type shows when the run gets there.
  case observed

  var description: String {
    switch self {
    case .string: "a text"
    case .integer: "a whole number"
    case .boolean: "a truth value"
    case .duration: "a duration"
    case .site: "a site"
    case .host: "a host"
    case .choice(let choices): "a choice of \(choices.joined(separator: ", "))"
    case .list: "a list"
    case .observed: "an observation"
    }
  }

  /// Whether it can stand inside a longer text and mean one thing only.
  var isTextual: Bool {
    switch self {
    case .string, .integer, .duration, .site, .host, .choice, .observed: true
    case .boolean, .list: false
    }
  }
}

extension ParameterDeclaration {
  var valueType: ValueType {
    switch type {
    case .site: .site
    case .string: .string
    case .integer: .integer
    case .boolean: .boolean
    case .duration: .duration
    case .choice: .choice(choices)
    }
  }
}

extension ActionSchema.Parameter.Kind {
  /// What is expected, in words for a message.
  var expectation: String {
    switch self {
    case .string: "text"
    case .integer: "a whole number"
    case .boolean: "true or false"
    case .duration: "a duration, as 2m30s"
    case .size: "a size, as 10MiB"
    case .choice(let choices): "one of \(choices.joined(separator: ", "))"
    case .site: "the name of a site"
    case .host: "a host, as dr.scheduler"
    case .service: "the name of a service"
    case .path: "the name of a path in the inventory, or an absolute path"
    case .secret: "a reference to a secret, as env:NAME"
    case .list(let kind): "a list, each item \(kind.expectation)"
    case .mapping(let kind): "a mapping, each value \(kind.expectation)"
    case .record(let fields): "a mapping with \(fields.map(\.name).joined(separator: ", "))"
    case .any: "a value"
    }
  }

  /// Whether a reference of `type` may stand where this kind is expected.
  func accepts(_ type: ValueType) -> Bool {
    switch (self, type) {
    case (.any, _): true
    case (.string, let type): type.isTextual
    case (.integer, .integer), (.boolean, .boolean), (.duration, .duration), (.site, .site),
      (.host, .host), (.host, .string), (.service, .string), (.service, .choice),
      (.path, .string), (.path, .choice), (.size, .string), (.size, .choice):
      true
    case (.choice(let allowed), .choice(let choices)): Set(choices).isSubset(of: allowed)
    case (.list(let kind), .list(let type)): kind.accepts(type)
    default: false
    }
  }
}
