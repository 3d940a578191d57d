/// Goes through an XML document and finds a place in it by where it is written. A document type declaration is refused:
/// configuration needs none.
struct XMLScanner {
  private let document: String
  private let place: XMLPlace
  private var index: String.Index
  private var open: [(name: Substring, matches: Bool)] = []
  private var hasRoot = false
  /// The element whose text is the value, while it is open.
  private var value: (depth: Int, start: String.Index, isText: Bool)?
  /// Nil for one that is no plain text.
  private(set) var found: [Range<String.Index>?] = []

  init(_ document: String, place: XMLPlace) {
    self.document = document
    self.place = place
    index = document.startIndex
  }

  mutating func run() throws(XMLPlace.Obstacle) {
    guard document.unicodeScalars.allSatisfy(Self.isXML) else {
      throw .malformed("it holds a control character")
    }
    while let start = document[index...].firstIndex(of: "<") {
      try text(document[index..<start])
      index = start
      if try skip("<?", "?>") { continue }
      let isComment = try skip("<!--", "-->")
      let isVerbatim = try skip("<![CDATA[", "]]>")
      if isComment || isVerbatim {
        value?.isText = false
        continue
      }
      if document[index...].hasPrefix("<!") {
        throw .malformed("it has a document type declaration")
      }
      try tag()
    }
    try text(document[index...])
    guard open.isEmpty, hasRoot else { throw .malformed("it ends in the middle") }
  }

  private func text(_ text: Substring) throws(XMLPlace.Obstacle) {
    if open.isEmpty, text.contains(where: { !$0.isWhitespace && $0 != "\u{FEFF}" }) {
      throw .malformed("there is text outside of its elements")
    }
    try check(text)
  }

  /// Also where nobody looks for a value: a reader that finds an entity it doesn't know takes none of the file.
  private func check(_ text: Substring) throws(XMLPlace.Obstacle) {
    guard Self.decoded(text) != nil else { throw .malformed("it uses an entity of its own") }
  }

  private mutating func skip(
    _ opening: String, _ closing: String
  ) throws(XMLPlace.Obstacle) -> Bool {
    guard document[index...].hasPrefix(opening) else { return false }
    let rest = document[index...].dropFirst(opening.count)
    guard let end = rest.firstRange(of: closing)?.upperBound else {
      throw .malformed("it ends in the middle")
    }
    index = end
    return true
  }

  private mutating func tag() throws(XMLPlace.Obstacle) {
    let rest = document[index...]
    if let match = rest.prefixMatch(of: /<\/([\w.:-]+)\s*>/) {
      try close(match.1, at: match.range)
    } else if let match = rest.prefixMatch(
      of: /<([\w.:-]+)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/)
    {
      try begin(match.1, match.2, isEmpty: !match.3.isEmpty, at: match.range)
    } else {
      throw .malformed("a tag can't be read")
    }
  }

  private mutating func close(
    _ name: Substring, at range: Range<String.Index>
  ) throws(XMLPlace.Obstacle) {
    guard open.popLast()?.name == name else { throw .malformed("its tags are not balanced") }
    if let value, value.depth == open.count + 1 {
      found.append(value.isText ? value.start..<range.lowerBound : nil)
      self.value = nil
    }
    index = range.upperBound
  }

  private mutating func begin(
    _ name: Substring, _ attributes: Substring, isEmpty: Bool, at range: Range<String.Index>
  ) throws(XMLPlace.Obstacle) {
    if open.isEmpty {
      guard !hasRoot else { throw .malformed("it has two roots") }
      hasRoot = true
    }
    value?.isText = false
    try check(attributes)
    let values = Self.values(in: attributes)
    let matches = isStep(name, values) && open.allSatisfy(\.matches)
    if matches, open.count + 1 == place.steps.count {
      if let attribute = place.attribute {
        if let range = values[attribute] { found.append(range) }
      } else if isEmpty {
        found.append(nil)
      } else {
        value = (open.count + 1, range.upperBound, true)
      }
    }
    if !isEmpty { open.append((name, matches)) }
    index = range.upperBound
  }

  private func isStep(_ name: Substring, _ values: [String: Range<String.Index>]) -> Bool {
    guard place.steps.indices.contains(open.count), place.steps[open.count].name == name else {
      return false
    }
    guard let attribute = place.steps[open.count].attribute else { return true }
    return values[attribute].flatMap { Self.decoded(document[$0]) }
      == place.steps[open.count].equals
  }

  private static func values(in attributes: Substring) -> [String: Range<String.Index>] {
    var values: [String: Range<String.Index>] = [:]
    for match in attributes.matches(of: /([\w.:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/) {
      guard let value = match.2 ?? match.3 else { continue }
      values[String(match.1)] = value.startIndex..<value.endIndex
    }
    return values
  }

  /// What may stand in XML at all, written as it is or by its number.
  private static func isXML(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09, 0x0A, 0x0D: true
    case 0x00...0x1F, 0xFFFE, 0xFFFF: false
    default: true
    }
  }

  /// Nil when it uses an entity that XML itself doesn't have.
  static func decoded(_ text: Substring) -> String? {
    var result = ""
    var rest = text
    while let ampersand = rest.firstIndex(of: "&") {
      result += rest[..<ampersand]
      guard let end = rest[ampersand...].firstIndex(of: ";") else { return nil }
      let name = rest[rest.index(after: ampersand)..<end]
      switch name {
      case "amp": result += "&"
      case "lt": result += "<"
      case "gt": result += ">"
      case "quot": result += "\""
      case "apos": result += "'"
      default:
        let number =
          name.hasPrefix("#x")
          ? UInt32(name.dropFirst(2), radix: 16)
          : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
        guard let scalar = number.flatMap(Unicode.Scalar.init), isXML(scalar) else { return nil }
        result.unicodeScalars.append(scalar)
      }
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }
}
