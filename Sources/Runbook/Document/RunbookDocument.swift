/// A runbook as it is written: shapes are checked, references aren't resolved and sites aren't known.
public struct RunbookDocument: Sendable {
  /// The runbook's own name, the value of the key `runbook`.
  public let name: String
  public let runType: RunType
  public let objectives: Objectives
  /// In written order.
  public let parameters: [ParameterDeclaration]
  let description: YAMLNode?
  let prechecks: [StepDocument]
  let steps: [StepDocument]

  /// Reads a runbook without binding it: enough to name its parameters.
  /// - Throws: everything that is wrong with its shape.
  public init(reading source: SourceText) throws(Diagnostics) {
    let collector = DiagnosticCollector(file: source.file, area: .runbook)
    guard let document = RunbookDocument.read(source, into: collector), !collector.hasErrors else {
      throw collector.diagnostics
    }
    self = document
  }

  /// The document, complete only when nothing was reported.
  static func read(_ source: SourceText, into collector: DiagnosticCollector) -> RunbookDocument? {
    guard let root = YAMLReader().read(source.bytes, into: collector) else { return nil }
    return RunbookDocument(decoding: root, with: NodeDecoder(diagnostics: collector))
  }
}

extension RunbookDocument {
  static let keys = [
    "runbook", "description", "run_type", "objectives", "parameters", "prechecks", "steps",
  ]
  static let objectiveKeys = ["rto", "rpo"]

  init?(decoding root: YAMLNode, with decoder: NodeDecoder) {
    guard let record = decoder.record(root, keys: Self.keys, "a runbook") else { return nil }
    name =
      record.required("runbook", hint: "the runbook's name, as scheduler-failover")
      .flatMap { decoder.name($0, "the name of a runbook") } ?? ""
    description = record["description"]
    let types = RunType.allCases.map(\.rawValue).joined(separator: ", ")
    // Without a type nothing is planned; the stand-in only lets the rest be checked.
    runType =
      record.required("run_type", hint: "one of \(types)")
      .flatMap { decoder.choice($0, of: RunType.self) } ?? .upgrade
    objectives =
      record["objectives"].flatMap { Objectives(decoding: $0, with: decoder) }
      ?? Objectives()
    parameters = record["parameters"].map { ParameterDeclaration.all(in: $0, with: decoder) } ?? []
    prechecks = (record["prechecks"].flatMap { decoder.list($0, "a list of prechecks") } ?? [])
      .compactMap { StepDocument(decoding: $0, isPrecheck: true, with: decoder) }
    steps =
      (record.required("steps", hint: "the list of what is to be done")
      .flatMap { decoder.nonEmptyList($0, "a list of steps") } ?? [])
      .compactMap { StepDocument(decoding: $0, isPrecheck: false, with: decoder) }
    reportDuplicateIDs(to: decoder.diagnostics)
  }

  private func reportDuplicateIDs(to diagnostics: DiagnosticCollector) {
    var lines: [String: Int] = [:]
    for step in prechecks + steps {
      guard let id = step.id else { continue }
      if let first = lines[id.text] {
        diagnostics.error(
          .duplicate, at: id.position,
          "the id \(Quoted.text(id.text)) is taken; first on line \(first)",
          hint: "ids are unique among prechecks and steps")
      } else {
        lines[id.text] = id.position.line
      }
    }
  }
}

extension Objectives {
  init?(decoding node: YAMLNode, with decoder: NodeDecoder) {
    guard
      let record = decoder.record(node, keys: RunbookDocument.objectiveKeys, "objectives")
    else { return nil }
    self.init(
      rto: record["rto"].flatMap(decoder.duration), rpo: record["rpo"].flatMap(decoder.duration))
  }
}
