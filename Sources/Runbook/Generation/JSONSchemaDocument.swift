import Foundation

/// Parts of a JSON Schema (draft 7, which editors' YAML servers read).
enum JSONSchemaPart {
  static let name: Value = ["type": "string", "pattern": "^[a-z][a-z0-9-]*$", "maxLength": 64]
  static let absolutePath: Value = [
    "type": "string", "pattern": #"^(/|\\\\|[A-Za-z]:[\\/])"#,
  ]
  static let duration: Value = [
    "type": "string", "description": "A duration, as 2m30s",
    "anyOf": [
      ["pattern": #"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$"#], ["pattern": #"^\$\{.+\}$"#],
    ],
  ]
  static let size: Value = [
    "type": "string", "pattern": #"^\d+(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"#,
  ]
  static let secret: Value = [
    "type": "string", "pattern": "^(env:.+|file:/.*|command:.+)$",
    "description": "A reference to a secret: env:NAME, file:/path or command:program argument",
  ]
  /// Scalars stay text where text is asked for, however an editor reads them.
  static let text: Value = ["type": ["string", "number", "boolean"]]
  static let reference: Value = ["type": "string", "pattern": #"^\$\{.+\}$"#]

  /// A mapping with known keys.
  static func object(
    _ properties: [String: Value], required: [String] = [], _ description: String? = nil
  ) -> Value {
    var object: [String: Value] = [
      "type": "object", "additionalProperties": false, "properties": .mapping(properties),
    ]
    if !required.isEmpty { object["required"] = .list(required.map { .string($0) }) }
    object["description"] = description.map { .string($0) }
    return .mapping(object)
  }

  /// A mapping whose keys are names.
  static func named(_ value: Value, atLeast minimum: Int = 0) -> Value {
    [
      "type": "object", "propertyNames": name, "additionalProperties": value,
      "minProperties": .integer(minimum),
    ]
  }

  static func list(_ items: Value, atLeast minimum: Int = 0) -> Value {
    ["type": "array", "items": items, "minItems": .integer(minimum)]
  }

  static func words(_ words: [String]) -> Value {
    ["enum": .list(words.map { .string($0) })]
  }

  static func orReference(_ value: Value) -> Value { ["anyOf": [value, reference]] }

  static func described(_ value: Value, _ description: String) -> Value {
    guard case .mapping(var mapping) = value else { return value }
    mapping["description"] = .string(description)
    return .mapping(mapping)
  }
}

/// A whole JSON Schema.
struct JSONSchemaDocument {
  let root: Value

  init(title: String, _ root: Value, definitions: [String: Value] = [:]) {
    guard case .mapping(var mapping) = root else {
      self.root = root
      return
    }
    mapping["$schema"] = "http://json-schema.org/draft-07/schema#"
    mapping["title"] = .string(title)
    if !definitions.isEmpty { mapping["definitions"] = .mapping(definitions) }
    self.root = .mapping(mapping)
  }

  /// Pretty-printed, keys sorted: the same schema is the same text.
  var text: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return String(decoding: try encoder.encode(root), as: UTF8.self) + "\n"
    } catch {
      preconditionFailure("a value is always JSON: \(error)")
    }
  }
}
