extension JSON {
  /// The members whose content comes from outside: there, names and numbers may hold what must not be written too.
  private static let fromOutside: Set<String> = ["value", "evidence", "given_parameters"]

  /// With every text in it passed through `redact`.
  public func redacted(by redact: (String) -> String, outside: Bool = false) -> JSON {
    switch self {
    case .null, .boolean: return self
    case .string(let text): return .string(redact(text))
    case .integer, .number:
      guard outside else { return self }
      let digits = description
      let redacted = redact(digits)
      return redacted == digits ? self : .string(redacted)
    case .array(let elements):
      return .array(elements.map { $0.redacted(by: redact, outside: outside) })
    case .object(let members):
      var result: [String: JSON] = [:]
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        var written = outside ? redact(name) : name
        // Two names that differ in a secret alone both stay.
        while result[written] != nil { written += "′" }
        result[written] = value.redacted(
          by: redact, outside: outside || Self.fromOutside.contains(name))
      }
      return .object(result)
    }
  }
}
