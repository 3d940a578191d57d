/// An action's page of the manual, in Markdown, from its schema.
public struct ActionPage: Sendable {
  public let text: String

  public init(_ schema: ActionSchema) {
    var parts = [
      "# \(schema.name)", "\(schema.summary).", schema.discussion, Self.properties(of: schema),
    ]
    if !schema.parameters.isEmpty {
      parts += ["## Parameters", Self.parameters(of: schema)]
    }
    if !schema.guards.isEmpty {
      parts += [
        "## Guards", "What must hold immediately before it acts:",
        Self.notes(schema.guards, heading: "Guard"),
      ]
    }
    if !schema.facts.isEmpty {
      parts += [
        "## Facts",
        "What it observes. Later steps may refer to it, as `${steps.ID.\(schema.facts[0].name)}`.",
        Self.notes(schema.facts, heading: "Property"),
      ]
    }
    parts += ["## Example", "```yaml\n\(Self.asItem(schema.example))\n```"]
    text = parts.joined(separator: "\n\n") + "\n"
  }

  private static func properties(of schema: ActionSchema) -> String {
    table(
      ["", ""],
      [
        ["Target", schema.target.summary],
        ["Effect", schema.effect.summary],
        ["When in doubt", schema.isRepeatable ? "may be done again" : "a person decides"],
        ["Way back", schema.reversibility.summary],
        ["Time limit", "`\(schema.defaultTimeout.runbookText)`, unless the step has a `timeout`"],
      ])
  }

  private static func parameters(of schema: ActionSchema) -> String {
    let rows = schema.parameters.flatMap { parameter in
      [
        [
          "`\(parameter.name)`", parameter.kind.expectation,
          parameter.isRequired ? "required" : parameter.defaultText ?? "",
          [parameter.summary, parameter.whyRequired].compactMap(\.self).joined(separator: ": "),
        ]
      ] + fields(of: parameter.kind, under: parameter.name)
    }
    return table(["Parameter", "Expected", "Default", "Meaning"], rows)
  }

  private static func fields(
    of kind: ActionSchema.Parameter.Kind, under path: String
  ) -> [[String]] {
    switch kind {
    case .record(let fields):
      fields.flatMap { field in
        [
          [
            "`\(path).\(field.name)`", field.kind.expectation,
            field.isRequired ? "required" : "", field.summary,
          ]
        ] + self.fields(of: field.kind, under: "\(path).\(field.name)")
      }
    case .list(let kind): fields(of: kind, under: "\(path)[]")
    default: []
    }
  }

  private static func notes(_ notes: [ActionSchema.Note], heading: String) -> String {
    table([heading, "Meaning"], notes.map { ["`\($0.name)`", $0.summary] })
  }

  private static func table(_ head: [String], _ rows: [[String]]) -> String {
    let line = { (cells: [String]) in
      "| "
        + cells.map { $0.split(separator: "|").joined(separator: "\\|") }
        .joined(separator: " | ") + " |"
    }
    return ([line(head), "|" + String(repeating: "---|", count: head.count)] + rows.map(line))
      .joined(separator: "\n")
  }

  /// The step as an item of `steps:`.
  private static func asItem(_ example: String) -> String {
    example.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
      .map { index, line in index == 0 ? "- \(line)" : line.isEmpty ? "" : "  \(line)" }
      .joined(separator: "\n")
  }
}

extension ActionSchema.TargetKind {
  fileprivate var summary: String {
    switch self {
    case .none: "none"
    case .host: "a host, as `dr.scheduler`"
    case .database: "a database, as `scheduler`"
    case .databaseAtSite: "a database at a site, as `scheduler@dr`"
    }
  }
}

extension ActionSchema.Effect {
  fileprivate var summary: String {
    switch self {
    case .changes: "changes the target, and looks until it is as wanted"
    case .checks: "only looks, and fails when it is not as wanted"
    case .waits: "looks until it is as wanted"
    case .asks: "asks people"
    }
  }
}

extension ActionSchema.Reversibility {
  fileprivate var summary: String {
    switch self {
    case .nothingChanged: "nothing to take back"
    case .reversible(let action): "`\(action)`"
    case .irreversible: "none: what it does can't be taken back"
    }
  }
}
