/// Why a tree can't be finished.
enum YAMLStop: Error {
  case syntax(YAMLParserError)
  /// A limit was met, and has been reported.
  case limit
}

/// Builds the tree from the events of one document.
struct YAMLTreeBuilder: ~Copyable {
  private let events: YAMLEvents
  private let limits: YAMLLimits
  private let diagnostics: DiagnosticCollector
  private var anchors: [String: Anchored] = [:]
  /// Anchors of collections that aren't closed yet, which an alias inside must not name.
  private var openAnchors: Set<String> = []
  private var nodeCount = 0

  /// A node that an alias can name, with what expanding it costs.
  private struct Anchored {
    let node: YAMLNode
    let nodes: Int
    let depth: Int
    let position: SourcePosition
  }

  init(events: consuming YAMLEvents, limits: YAMLLimits, diagnostics: DiagnosticCollector) {
    self.events = events
    self.limits = limits
    self.diagnostics = diagnostics
  }

  /// The only document's root; nil when there is no document, which has been reported.
  mutating func document() throws(YAMLStop) -> YAMLNode? {
    var root: YAMLNode?
    while true {
      let event = try next()
      switch event.kind {
      case .end:
        guard let root, root.scalar?.isNull != true else {
          reportEmpty()
          return nil
        }
        return root
      case .documentStart:
        guard root == nil else {
          diagnostics.error(
            .severalDocuments, at: event.position, "a second document starts here",
            hint: "one file holds one document: remove the '---', or split the file", area: .yaml)
          throw .limit
        }
        root = try node(startingWith: next(), depth: 0).node
      default: continue
      }
    }
  }

  private func reportEmpty() {
    diagnostics.error(
      .empty, at: .start, "the file is empty, and a mapping was expected",
      hint: "start with 'runbook: NAME', or 'sites:' for an inventory", area: .yaml)
  }

  private func next() throws(YAMLStop) -> YAMLEvent {
    do {
      return try events.next()
    } catch {
      throw .syntax(error)
    }
  }

  /// A node with its height: 0 for a scalar.
  private struct Built {
    let node: YAMLNode
    let height: Int
  }

  private mutating func node(
    startingWith event: YAMLEvent, depth: Int
  ) throws(YAMLStop) -> Built {
    if case .alias(let name) = event.kind { return try alias(name, at: event.position, depth) }
    refuseTag(of: event)
    let nodesBefore = nodeCount
    try count(nodes: 1, at: event.position)
    if let anchor = event.anchor { declare(anchor, at: event.position) }
    let built = try content(of: event, depth: depth)
    if let anchor = event.anchor {
      openAnchors.remove(anchor)
      anchors[anchor] = Anchored(
        node: built.node, nodes: nodeCount - nodesBefore, depth: built.height,
        position: event.position)
    }
    return built
  }

  private mutating func content(of event: YAMLEvent, depth: Int) throws(YAMLStop) -> Built {
    switch event.kind {
    case .scalar(let scalar):
      try checkLength(of: scalar, at: event.position)
      return Built(node: YAMLNode(content: .scalar(scalar), position: event.position), height: 0)
    case .sequenceStart:
      return try sequence(at: event.position, depth: depth)
    default:
      return try mapping(at: event.position, depth: depth)
    }
  }

  private mutating func sequence(at position: SourcePosition, depth: Int) throws(YAMLStop) -> Built
  {
    try checkDepth(depth + 1, at: position)
    var items: [YAMLNode] = []
    var height = 0
    while true {
      let event = try next()
      if case .collectionEnd = event.kind { break }
      let item = try node(startingWith: event, depth: depth + 1)
      height = max(height, item.height)
      items.append(item.node)
    }
    return Built(
      node: YAMLNode(content: .sequence(items), position: position), height: height + 1)
  }

  private mutating func mapping(at position: SourcePosition, depth: Int) throws(YAMLStop) -> Built {
    try checkDepth(depth + 1, at: position)
    var pairs: [YAMLPair] = []
    var lines: [String: Int] = [:]
    var height = 0
    while true {
      let event = try next()
      if case .collectionEnd = event.kind { break }
      let key = try key(from: event, depth: depth + 1)
      let value = try node(startingWith: next(), depth: depth + 1)
      height = max(height, value.height)
      guard let key else { continue }
      if let first = lines[key] {
        diagnostics.error(
          .duplicateKey, at: event.position,
          "the key \(Quoted.text(key)) comes twice; first on line \(first)",
          hint: "remove one of the two", area: .yaml)
        continue
      }
      lines[key] = event.position.line
      pairs.append(YAMLPair(key: key, keyPosition: event.position, value: value.node))
    }
    return Built(node: YAMLNode(content: .mapping(pairs), position: position), height: height + 1)
  }

  /// A mapping's key, or nil after saying why it can't be one; its value is read all the same.
  private mutating func key(from event: YAMLEvent, depth: Int) throws(YAMLStop) -> String? {
    switch event.kind {
    case .scalar(let scalar):
      refuseTag(of: event)
      try checkLength(of: scalar, at: event.position)
      if scalar.text == "<<" && !scalar.isQuoted {
        diagnostics.error(
          .mergeKey, at: event.position, "merge keys ('<<') are not supported",
          hint: "write the keys out, or use an alias for a whole value", area: .yaml)
        return nil
      }
      if let anchor = event.anchor {
        declare(anchor, at: event.position)
        openAnchors.remove(anchor)
        anchors[anchor] = Anchored(
          node: YAMLNode(content: .scalar(scalar), position: event.position), nodes: 1, depth: 0,
          position: event.position)
      }
      return scalar.text
    case .alias(let name):
      diagnostics.error(
        .aliasAsKey, at: event.position, "the alias '*\(name)' can't be a key",
        hint: "write the key out", area: .yaml)
      return nil
    default:
      diagnostics.error(
        .complexKey, at: event.position, "a list or a mapping can't be a key; a word was expected",
        hint: "quote the key if it starts with '[' or '{'", area: .yaml)
      _ = try node(startingWith: event, depth: depth)
      return nil
    }
  }
}

extension YAMLTreeBuilder {
  private mutating func alias(
    _ name: String, at position: SourcePosition, _ depth: Int
  ) throws(YAMLStop) -> Built {
    guard let target = anchors[name], !openAnchors.contains(name) else {
      reportMissing(name, at: position)
      return Built(node: YAMLNode(content: .refused, position: position), height: 0)
    }
    try count(nodes: target.nodes, at: position)
    try checkDepth(depth + target.depth, at: position)
    return Built(
      node: YAMLNode(content: target.node.content, position: position), height: target.depth)
  }

  private func reportMissing(_ name: String, at position: SourcePosition) {
    if openAnchors.contains(name) {
      diagnostics.error(
        .recursiveAlias, at: position, "the alias '*\(name)' stands inside what it names",
        hint: "a document can't contain itself: write the value out", area: .yaml)
    } else {
      diagnostics.error(
        .unknownAnchor, at: position, "the alias '*\(name)' names no anchor above it",
        hint: NearestWord.find(name, in: anchors.keys.sorted()).map { "did you mean '*\($0)'?" }
          ?? "define it with '&\(name)' first, or quote the value if it just starts with '*'",
        area: .yaml)
    }
  }

  private mutating func declare(_ anchor: String, at position: SourcePosition) {
    if let first = anchors[anchor] {
      diagnostics.error(
        .duplicateAnchor, at: position,
        "the anchor '&\(anchor)' is defined twice; first on line \(first.position.line)",
        hint: "give one of the two another name", area: .yaml)
    }
    openAnchors.insert(anchor)
  }

  private func refuseTag(of event: YAMLEvent) {
    guard event.hasTag else { return }
    diagnostics.error(
      .tag, at: event.position, "tags ('!…') are not supported",
      hint: "remove the tag: types follow from the key; quote the value if it starts with '!'",
      area: .yaml)
  }

  private mutating func count(nodes: Int, at position: SourcePosition) throws(YAMLStop) {
    nodeCount += nodes
    guard nodeCount > limits.nodes else { return }
    diagnostics.error(
      .tooManyNodes, at: position,
      "the document has more than \(limits.nodes) values once its aliases are expanded",
      hint: "use fewer aliases, or split the file", area: .yaml)
    throw .limit
  }

  private func checkDepth(_ depth: Int, at position: SourcePosition) throws(YAMLStop) {
    guard depth > limits.depth else { return }
    diagnostics.error(
      .tooDeep, at: position, "lists and mappings nest deeper than \(limits.depth)",
      hint: "no key of the language needs more than a few levels", area: .yaml)
    throw .limit
  }

  private func checkLength(
    of scalar: YAMLScalar, at position: SourcePosition
  ) throws(YAMLStop) {
    guard scalar.text.utf8.count > limits.scalarBytes else { return }
    diagnostics.error(
      .scalarTooLong, at: position,
      "a value has \(scalar.text.utf8.count) bytes, and at most \(limits.scalarBytes) are read",
      hint: "keep long texts in files of their own", area: .yaml)
    throw .limit
  }
}
