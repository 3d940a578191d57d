/// What a step's `target` names: one thing, or the hosts of a group, for each of which the step is done.
enum BoundTarget {
  case one(Target)
  case group(HostGroup, [Host])
}

/// Finds in the inventory what a step's `target` names.
struct TargetBinder {
  let texts: TextBinder
  let inventory: Inventory

  private var diagnostics: DiagnosticCollector { texts.diagnostics }

  /// The target; nil when there is none, or when it is wrong and that has been said.
  func bind(_ node: YAMLNode?, for schema: ActionSchema, at step: SourcePosition) -> BoundTarget? {
    guard let expected = schema.target.expectation(in: inventory) else {
      if let node {
        diagnostics.error(
          .unexpectedTarget, at: node.position, "\(schema.name) takes no target",
          hint: "remove the key 'target'")
      }
      return nil
    }
    guard let node else {
      diagnostics.error(
        .missingTarget, at: step, "\(schema.name) needs a target: \(expected)")
      return nil
    }
    guard let text = texts.textKnownBeforeRun(node, "the target") else { return nil }
    if let group = inventory.group(text) {
      guard schema.target == .host else {
        _ = wrongKind("a group of hosts", text, at: node.position, expected)
        return nil
      }
      return .group(group, group.hosts.compactMap(inventory.host))
    }
    return one(text, as: schema.target, at: node.position, expected).map { .one($0) }
  }

  private func one(
    _ text: String, as kind: ActionSchema.TargetKind, at position: SourcePosition,
    _ expected: String
  ) -> Target? {
    switch kind {
    case .none: nil
    case .host: host(text, at: position, expected)
    case .database: database(text, at: position, expected).map { .database($0) }
    case .databaseAtSite: copy(text, at: position, expected)
    }
  }

  private func host(_ text: String, at position: SourcePosition, _ expected: String) -> Target? {
    if let host = inventory.host(text) { return .host(host) }
    guard !text.contains("@"), inventory.database(text) == nil else {
      return wrongKind("a database", text, at: position, expected)
    }
    return unknown(
      "host", text, inventory.hosts.map(\.id) + inventory.groups.map(\.name), at: position)
  }

  private func database(
    _ text: String, at position: SourcePosition, _ expected: String
  ) -> Database? {
    if let database = inventory.database(text) { return database }
    if inventory.host(text) != nil {
      _ = wrongKind("a host", text, at: position, expected)
    } else if text.contains("@") {
      _ = wrongKind("one copy of a database", text, at: position, expected)
    } else {
      _ = unknown("database", text, inventory.databases.map(\.name), at: position)
    }
    return nil
  }

  private func copy(_ text: String, at position: SourcePosition, _ expected: String) -> Target? {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      if inventory.host(text) != nil { return wrongKind("a host", text, at: position, expected) }
      if inventory.database(text) != nil {
        return wrongKind("a database without a site", text, at: position, expected)
      }
      return unknown("database", text, copies, at: position)
    }
    guard let database = inventory.database(parts[0]) else {
      return unknown("database", parts[0], inventory.databases.map(\.name), at: position)
    }
    guard inventory.copy(of: database, at: parts[1]) != nil else {
      return unknown(
        "copy of '\(database.name)' at", parts[1], database.placements.keys.sorted(), at: position)
    }
    return .databaseAtSite(database, site: parts[1])
  }

  private var copies: [String] {
    inventory.databases.flatMap { database in
      database.placements.keys.sorted().map { "\(database.name)@\($0)" }
    }
  }

  private func wrongKind(
    _ found: String, _ text: String, at position: SourcePosition, _ expected: String
  ) -> Target? {
    diagnostics.error(
      .wrongTarget, at: position,
      "\(Quoted.text(text)) is \(found); expected \(expected)")
    return nil
  }

  private func unknown(
    _ what: String, _ text: String, _ words: [String], at position: SourcePosition
  ) -> Target? {
    diagnostics.error(
      .unknownTarget, at: position, "there is no \(what) \(Quoted.text(text))",
      hint: NearestWord.hint(for: text, in: words, called: "the inventory has"))
    return nil
  }
}

extension ActionSchema.TargetKind {
  /// What is expected, with an example from the inventory; nil when no target is.
  fileprivate func expectation(in inventory: Inventory) -> String? {
    let database = inventory.databases.first
    return switch self {
    case .none: nil
    case .host: "a host, as \(inventory.hosts.first?.id ?? "dr.scheduler")"
    case .database: "a database, as \(database?.name ?? "scheduler")"
    case .databaseAtSite:
      "a database at a site, as "
        + "\(database?.name ?? "scheduler")@\(database?.placements.keys.min() ?? "dr")"
    }
  }
}
