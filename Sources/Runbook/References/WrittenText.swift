/// A text of a document, and where it is written.
public struct WrittenText: Sendable, Hashable {
  /// The keys that lead there, of an item of a list its number: `sites`, `dr`, `hosts`, …
  public let keys: [String]
  public let text: String
  public let position: SourcePosition
}

extension YAMLNode {
  /// All texts in it; not the keys.
  func texts(under keys: [String] = []) -> [WrittenText] {
    switch content {
    case .scalar(let scalar):
      [WrittenText(keys: keys, text: scalar.text, position: position)]
    case .sequence(let items):
      items.enumerated().flatMap { $0.element.texts(under: keys + [String($0.offset)]) }
    case .mapping(let pairs):
      pairs.flatMap { $0.value.texts(under: keys + [$0.key]) }
    case .refused: []
    }
  }
}

/// The two documents that a plan was made of, for whoever has to say where something in it is written.
public struct PlanSources: Sendable {
  public let runbookFile: String
  public let inventoryFile: String
  public let inventoryTexts: [WrittenText]
  private let steps: [String: StepDocument]

  /// Throws what is wrong with them; of texts that a plan was made of, nothing is.
  public init(runbook: SourceText, inventory: SourceText) throws(Diagnostics) {
    let document = try RunbookDocument(reading: runbook)
    let collector = DiagnosticCollector(file: inventory.file, area: .inventory)
    guard let root = YAMLReader().read(inventory.bytes, into: collector) else {
      throw collector.diagnostics
    }
    runbookFile = runbook.file
    inventoryFile = inventory.file
    inventoryTexts = root.texts()
    steps = Dictionary(
      (document.prechecks + document.steps).compactMap { step in step.id.map { ($0.text, step) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// Where a step says what it targets, or gives an argument; `id` is the runbook's own.
  public func position(ofStep id: String, argument: String? = nil) -> SourcePosition? {
    guard let step = steps[id] else { return nil }
    guard let argument else { return step.target?.position ?? step.position }
    return step.with.first { $0.key == argument }?.value.position ?? step.position
  }

  /// Where the first text under these keys of the inventory is written.
  public func position(ofInventory keys: [String]) -> SourcePosition? {
    inventoryTexts.first { $0.keys.starts(with: keys) }?.position
  }
}
