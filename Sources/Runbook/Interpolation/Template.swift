/// A text with `${…}` in it, taken apart. `$${` stands for a literal `${`.
struct Template: Hashable {
  enum Part: Hashable {
    case text(String)
    case reference(Reference)
  }

  /// What stands between the braces: words joined by dots.
  struct Reference: Hashable, CustomStringConvertible {
    let path: [String]
    var description: String { "${\(path.joined(separator: "."))}" }
  }

  /// What is wrong with a template, and what to write instead.
  struct Fault: Error, Hashable {
    let message: String
    let hint: String
  }

  let parts: [Part]

  /// The text, when no reference is in it.
  var literal: String? {
    switch parts.count {
    case 0: return ""
    case 1: if case .text(let text) = parts[0] { return text } else { return nil }
    default: return nil
    }
  }

  /// The reference, when the whole text is one: it keeps its type.
  var wholeReference: Reference? {
    guard parts.count == 1, case .reference(let reference) = parts[0] else { return nil }
    return reference
  }

  init(_ text: String) throws(Fault) {
    var parts: [Part] = []
    var literal = ""
    var rest = text[...]
    while let dollar = rest.firstIndex(of: "$") {
      literal += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        literal += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        if !literal.isEmpty { parts.append(.text(literal)) }
        literal = ""
        parts.append(.reference(try Self.reference(from: &rest)))
      } else {
        literal += "$"
        rest = rest.dropFirst()
      }
    }
    literal += rest
    if !literal.isEmpty { parts.append(.text(literal)) }
    self.parts = parts
  }

  /// Takes `${…}` off the front of `rest`.
  private static func reference(from rest: inout Substring) throws(Fault) -> Reference {
    let body = rest.dropFirst(2)
    guard let end = body.firstIndex(of: "}") else {
      throw Fault(
        message: "'${' is never closed", hint: "add the '}', or write '$${' for a literal '${'")
    }
    let inside = String(body[..<end])
    let path = inside.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard path.allSatisfy(isWord) else {
      throw Fault(
        message: "\(Quoted.text("${\(inside)}")) is no reference",
        hint: "references are words joined by dots, without spaces: ${from}, ${objectives.rpo}")
    }
    rest = body[end...].dropFirst()
    return Reference(path: path)
  }

  private static func isWord(_ text: String) -> Bool {
    !text.isEmpty
      && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-") }
  }
}
