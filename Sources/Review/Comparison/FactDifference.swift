public import Journal

/// A fact that two runs hold otherwise, or that one of them doesn't have.
public struct FactDifference: Sendable, Hashable, Encodable {
  public let subject: String
  public let property: String
  /// Nil when that run has no value of it.
  public let a: JSON?
  public let b: JSON?

  /// What moves by nature, as positions and times, differs too: it is what was seen.
  static func between(_ a: [FactRecord], _ b: [FactRecord]) -> [FactDifference] {
    let left = a.byName
    let right = b.byName
    return Set(left.keys).union(right.keys).sorted().compactMap { name in
      let (a, b) = (left[name]?.value, right[name]?.value)
      return a == b
        ? nil : FactDifference(subject: name.subject, property: name.property, a: a, b: b)
    }
  }
}

/// Which fact: subject and property.
struct FactName: Hashable, Comparable {
  let subject: String
  let property: String

  static func < (left: FactName, right: FactName) -> Bool {
    (left.subject, left.property) < (right.subject, right.property)
  }
}

extension [FactRecord] {
  /// The last of each.
  var byName: [FactName: FactRecord] {
    Dictionary(map { (FactName(subject: $0.subject, property: $0.property), $0) }) { $1 }
  }
}
