/// The JSON Schema of inventories, for editors.
enum InventoryJSONSchema {
  private typealias Part = JSONSchemaPart

  static let document = JSONSchemaDocument(
    title: "Lifeboat inventory",
    Part.object(
      [
        "sites": Part.named(site, atLeast: 1), "databases": Part.named(database),
        "paths": Part.named(path),
      ], required: ["sites"]))

  private static let site = Part.object(
    ["hosts": Part.named(host, atLeast: 1)], required: ["hosts"])

  private static let argumentVector = Part.list(Part.text, atLeast: 1)

  static let hostProperties: [String: Value] = [
    "connection": [
      "anyOf": [
        Part.object(["kind": ["const": "local"]], required: ["kind"]),
        Part.object(
          ["kind": ["const": "exec"], "through": argumentVector], required: ["kind", "through"]),
      ]
    ],
    "service_manager": Part.object(
      [
        "kind": Part.words(HostDecoder.managerKinds), "control": argumentVector,
        "directory": Part.absolutePath,
      ], required: ["kind", "control", "directory"]),
    "services": Part.described(Part.list(Part.text), "In the order of starting"),
    "guid": [
      "description": "Where the GUID of the scheduler on this host is had from",
      "anyOf": [
        Part.object(["value": Part.text], required: ["value"]),
        Part.object(
          ["file": Part.absolutePath, "element": Part.text], required: ["file", "element"]),
      ],
    ],
  ]

  private static let host = Part.object(hostProperties, required: ["connection"])

  static let databaseProperties: [String: Value] = [
    "kind": Part.words(Database.Kind.allCases.map(\.rawValue)),
    "replication": Part.object(
      ["kind": Part.words(Database.Replication.allCases.map(\.rawValue))], required: ["kind"]),
    "primary": Part.described(Part.name, "The site that is primary in normal times"),
    "failover_table": Part.text,
    "guid_column": Part.text,
    "at": Part.named(
      Part.object(["host": Part.name, "file": Part.absolutePath], required: ["host", "file"]),
      atLeast: 1),
  ]

  private static let database = Part.object(
    databaseProperties, required: ["kind", "primary", "at"])

  private static let path = Part.object(
    ["at": ["type": "object", "additionalProperties": Part.absolutePath]], required: ["at"])
}
