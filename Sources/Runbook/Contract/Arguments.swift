/// What a step gives its action: values that were checked against the schema, and the target, found in the inventory.
public struct Arguments: Sendable {
  public let step: String
  public let values: [String: Value]
  public let target: Target?
  public let inventory: Inventory

  public init(step: String, values: [String: Value], target: Target?, inventory: Inventory) {
    self.step = step
    self.values = values
    self.target = target
    self.inventory = inventory
  }

  public subscript(name: String) -> Value? { values[name] }

  public func string(_ name: String) -> String? { values[name]?.string }

  public func strings(_ name: String) -> [String]? {
    values[name]?.list?.compactMap(\.string)
  }

  public func integer(_ name: String) -> Int? { values[name]?.integer }

  public func boolean(_ name: String) -> Bool? { values[name]?.boolean }

  public func duration(_ name: String) -> Duration? {
    values[name]?.string.flatMap { Duration(runbook: $0) }
  }

  /// In bytes.
  public func size(_ name: String) -> Int? {
    values[name]?.string.flatMap { Int(runbookSize: $0) }
  }

  /// The value of a parameter that the schema requires.
  public func required(_ name: String) throws -> Value {
    guard let value = values[name] else {
      throw ActionError("action.argument_missing", "step \(step): '\(name)' is missing")
    }
    return value
  }

  public func requiredString(_ name: String) throws -> String {
    guard let string = try required(name).string else {
      throw ActionError("action.argument_type", "step \(step): '\(name)' must be text")
    }
    return string
  }

  public func host() throws -> Host {
    guard case .host(let host) = target else { throw wrongTarget("a host, as dr.scheduler") }
    return host
  }

  /// The host that a parameter names as `site.host`.
  public func host(named id: String) throws -> Host {
    guard let host = inventory.host(id) else {
      throw ActionError(
        "inventory.unknown_host", "step \(step): the inventory has no host '\(id)'",
        advice: "it has \(inventory.hosts.map(\.id).joined(separator: ", "))")
    }
    return host
  }

  public func database() throws -> Database {
    switch target {
    case .database(let database), .databaseAtSite(let database, _): return database
    default: throw wrongTarget("a database, as scheduler")
    }
  }

  public func databaseCopy() throws -> DatabaseCopy {
    guard case .databaseAtSite(let database, let site) = target,
      let copy = inventory.copy(of: database, at: site)
    else { throw wrongTarget("a database at a site, as scheduler@dr") }
    return copy
  }

  private func wrongTarget(_ expected: String) -> ActionError {
    ActionError("action.target", "step \(step): the target must be \(expected)")
  }
}

/// An error of an action or of what it reaches: a stable code, what happened (and where), what to do next.
public struct ActionError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The target couldn't be asked; nothing was done.
    case unreachable
    /// It was asked and said no, or failed; nothing more will come of it.
    case failed
    /// It may or may not have been done: the answer was lost or the time was up.
    case inDoubt
  }

  public let code: String
  public let message: String
  public let advice: String?
  public let kind: Kind

  public init(
    _ code: String, _ message: String, advice: String? = nil, kind: Kind = .failed
  ) {
    self.code = code
    self.message = message
    self.advice = advice
    self.kind = kind
  }

  public var description: String { advice.map { "\(message); \($0)" } ?? message }
}
