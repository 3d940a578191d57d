/// The JSON Schema of runbooks, for editors. What it can't say, `lifeboat validate` does.
struct RunbookJSONSchema {
  let document: JSONSchemaDocument

  init(_ schemas: [ActionSchema]) {
    document = JSONSchemaDocument(
      title: "Lifeboat runbook", Self.root,
      definitions: [
        "step": Self.step(Self.stepProperties, schemas),
        "precheck": Self.step(
          Self.stepProperties.filter { StepDocument.precheckKeys.contains($0.key) },
          schemas.filter(\.worksAsPrecheck)),
        "arguments": ["allOf": .list(schemas.map(Self.conditional))],
      ])
  }

  private typealias Part = JSONSchemaPart

  private static let root = Part.object(
    rootProperties, required: ["runbook", "run_type", "steps"])

  static let rootProperties: [String: Value] = [
    "runbook": Part.described(Part.name, "The runbook's name"),
    "description": Part.described(Part.text, "What it does, for people"),
    "run_type": Part.words(RunType.allCases.map(\.rawValue)),
    "objectives": Part.object(
      [
        "rto": Part.described(Part.duration, "Recovery time: how long it may take"),
        "rpo": Part.described(Part.duration, "Recovery point: how much may be lost, as time"),
      ]),
    "parameters": Part.named(parameter),
    "prechecks": Part.described(
      Part.list(["$ref": "#/definitions/precheck"]),
      "Read-only; all are evaluated before the first step"),
    "steps": Part.list(["$ref": "#/definitions/step"], atLeast: 1),
  ]

  private static let parameter = Part.object(
    [
      "type": Part.words(ParameterDeclaration.TypeName.allCases.map(\.rawValue)),
      "default": Part.text,
      "choices": Part.list(Part.text, atLeast: 1),
      "description": Part.text,
    ], required: ["type"])

  static let stepProperties: [String: Value] = [
    "id": Part.described(Part.name, "Unique; the journal and other steps call it so"),
    "name": Part.described(Part.text, "What it does, for people"),
    "action": ["type": "string"],
    "target": Part.described(
      Part.text, "dr.scheduler, agents (a group), scheduler or scheduler@dr"),
    "with": ["type": "object"],
    "when": Part.described(Part.text, "A condition, as ${mode} == graceful; else it is skipped"),
    "depends": Part.described(
      Part.list(Part.name), "Ids of earlier steps; without it, all steps written before"),
    "timeout": Part.duration,
    "retry": Part.object(
      [
        "limit": [
          "type": "integer", "minimum": .integer(StepDocument.retryLimits.lowerBound),
          "maximum": .integer(StepDocument.retryLimits.upperBound),
        ],
        "interval": Part.duration,
        "backoff": [
          "type": "integer", "minimum": .integer(StepDocument.backoffs.lowerBound),
          "maximum": .integer(StepDocument.backoffs.upperBound),
        ],
      ], required: ["limit"]),
    "on_error": Part.words(PlannedStep.OnError.allCases.map(\.rawValue)),
    "on_unreachable": Part.words(PlannedStep.OnUnreachable.allCases.map(\.rawValue)),
    "always": Part.described(
      ["type": "boolean"], "Whether it is done also after another step has failed"),
    "approval": Part.object(
      [
        "prompt": Part.described(Part.text, "The question that people answer"),
        "required": [
          "type": "integer", "minimum": .integer(StepDocument.approvers.lowerBound),
          "maximum": .integer(StepDocument.approvers.upperBound),
        ],
        "signed": Part.described(
          ["type": "boolean"], "Whether only answers count that are signed with a person's key"),
      ], required: ["prompt"]),
    "max_parallel": Part.described(
      [
        "type": "integer", "minimum": .integer(StepDocument.parallels.lowerBound),
        "maximum": .integer(StepDocument.parallels.upperBound),
      ], "Of a group: on how many hosts at once"),
    "max_failed": [
      "description": "Of a group: how many hosts may fail, as 2 or 10%",
      "anyOf": [
        ["type": "integer", "minimum": 0],
        ["type": "string", "pattern": "^(0|[1-9][0-9]?|100)%$"],
      ],
    ],
    "critical": Part.described(
      ["type": "boolean"], "Of a precheck: whether the run is refused unless it is satisfied"),
    "override_guards": Part.list(
      Part.object(["guard": Part.text, "reason": Part.text], required: ["guard", "reason"]),
      atLeast: 1),
  ]

  private static func step(
    _ properties: [String: Value], _ schemas: [ActionSchema]
  ) -> Value {
    var properties = properties
    properties["action"] = Part.words(schemas.map(\.name))
    guard case .mapping(var step) = Part.object(properties, required: ["id", "action"]) else {
      return [:]
    }
    step["allOf"] = [["$ref": "#/definitions/arguments"]]
    if properties["override_guards"] != nil {
      step["dependencies"] = ["override_guards": ["approval"]]
    }
    return .mapping(step)
  }

  /// What a step must have when it names this action.
  private static func conditional(_ schema: ActionSchema) -> Value {
    let required = schema.parameters.filter(\.isRequired).map(\.name)
    let with = Part.object(
      Dictionary(
        schema.parameters.map { ($0.name, Part.described($0.kind.jsonSchema, $0.summary)) },
        uniquingKeysWith: { first, _ in first }),
      required: required, "\(schema.name): \(schema.summary)")
    var keys: [Value] = []
    if schema.target != .none { keys.append("target") }
    if !required.isEmpty { keys.append("with") }
    var properties: [String: Value] = ["with": with]
    if schema.target == .none { properties["target"] = false }
    return [
      "if": ["properties": ["action": ["const": .string(schema.name)]], "required": ["action"]],
      "then": ["properties": .mapping(properties), "required": .list(keys)],
    ]
  }
}

extension ActionSchema.Parameter.Kind {
  var jsonSchema: Value {
    switch self {
    case .string: JSONSchemaPart.text
    case .site, .host, .service, .path: ["type": "string"]
    case .integer: JSONSchemaPart.orReference(["type": "integer"])
    case .boolean: JSONSchemaPart.orReference(["type": "boolean"])
    case .duration: JSONSchemaPart.duration
    case .size: JSONSchemaPart.orReference(JSONSchemaPart.size)
    case .choice(let choices): JSONSchemaPart.orReference(JSONSchemaPart.words(choices))
    case .secret: JSONSchemaPart.secret
    case .list(let kind): JSONSchemaPart.orReference(JSONSchemaPart.list(kind.jsonSchema))
    case .mapping(let kind): ["type": "object", "additionalProperties": kind.jsonSchema]
    case .record(let fields):
      JSONSchemaPart.object(
        Dictionary(
          fields.map { ($0.name, JSONSchemaPart.described($0.kind.jsonSchema, $0.summary)) },
          uniquingKeysWith: { first, _ in first }),
        required: fields.filter(\.isRequired).map(\.name))
    case .any: [:]
    }
  }
}
