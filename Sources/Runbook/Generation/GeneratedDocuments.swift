/// Everything in `docs/` that follows from the actions' schemas.
public struct GeneratedDocuments: Sendable {
  public struct File: Sendable {
    /// Below `docs/`, as `actions/service.stop.md`.
    public let path: String
    public let text: String
  }

  /// By path.
  public let files: [File]

  public init(of catalogue: ActionCatalogue) {
    let schemas = catalogue.schemas
    let pages = schemas.map {
      File(path: "actions/\($0.name).md", text: ActionPage($0).text)
    }
    files =
      ([
        File(path: "actions/README.md", text: Self.index(of: schemas)),
        File(path: "schema/runbook.json", text: RunbookJSONSchema(schemas).document.text),
        File(path: "schema/sites.json", text: InventoryJSONSchema.document.text),
      ] + pages).sorted { $0.path < $1.path }
  }

  private static func index(of schemas: [ActionSchema]) -> String {
    let rows = schemas.map { "| [\($0.name)](\($0.name).md) | \($0.summary) |" }
    return "# Actions\n\nWhat a step of a runbook can do.\n\n| Action | |\n|---|---|\n"
      + rows.joined(separator: "\n") + "\n"
  }
}
