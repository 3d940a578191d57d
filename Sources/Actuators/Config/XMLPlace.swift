/// Where a value stands in an XML document, as `Failover/Interval`, `appSettings/add[@key='Server']/@value`: names from the root
/// on, each with a condition on an attribute where it needs one, and an attribute at the end where that is the value.
struct XMLPlace: Sendable, Hashable {
  struct Step: Sendable, Hashable {
    let name: String
    var attribute: String?
    var equals: String?
  }

  let text: String
  let steps: [Step]
  let attribute: String?

  /// Nil when it can't be read.
  init?(_ text: String) {
    self.text = text
    var steps: [Step] = []
    var attribute: String?
    var rest = text[...]
    while !rest.isEmpty {
      guard attribute == nil else { return nil }
      if let match = rest.prefixMatch(of: /@([\w.:-]+)/), !steps.isEmpty {
        attribute = String(match.1)
        rest = rest[match.range.upperBound...]
      } else if let match = rest.prefixMatch(of: /([\w.:-]+)(?:\[@([\w.:-]+)='([^']*)'\])?/) {
        steps.append(
          Step(
            name: String(match.1), attribute: match.2.map(String.init),
            equals: match.3.map(String.init)))
        rest = rest[match.range.upperBound...]
      } else {
        return nil
      }
      if rest.isEmpty { break }
      guard rest.hasPrefix("/"), rest.count > 1 else { return nil }
      rest = rest.dropFirst()
    }
    guard !steps.isEmpty else { return nil }
    self.steps = steps
    self.attribute = attribute
  }

  /// Why there is no value to be had.
  enum Obstacle: Error, Equatable {
    /// It is no XML that is understood here: why.
    case malformed(String)
    case missing
    case several
    /// An element that holds other elements, comments or CDATA.
    case notText
  }

  struct Found: Equatable {
    let value: String
    /// Of the value as it is written, without what encloses it.
    let range: Range<String.Index>
  }

  func find(in document: String) throws(Obstacle) -> Found {
    var scanner = XMLScanner(document, place: self)
    try scanner.run()
    guard let found = scanner.found.first else { throw .missing }
    guard scanner.found.count == 1 else { throw .several }
    guard let range = found else { throw .notText }
    guard let value = XMLScanner.decoded(document[range]) else {
      throw .malformed("it uses an entity of its own")
    }
    return Found(value: value, range: range)
  }

  /// The document with another value there, and nothing else changed.
  func replacing(_ found: Found, by value: String, in document: String) -> String {
    var result = document
    let escaped = value.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing(">", with: "&gt;").replacing("\"", with: "&quot;").replacing("'", with: "&apos;")
    result.replaceSubrange(found.range, with: escaped)
    return result
  }
}
