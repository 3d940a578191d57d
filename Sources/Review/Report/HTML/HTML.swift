/// A piece of an HTML document. Text becomes text and attributes become attributes: `rendered` escapes both, and nothing else
/// writes markup.
indirect enum HTML: Sendable, ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  case element(String, [(String, String)], [HTML])
  case text(String)
  case group([HTML])
  /// A style sheet of ours. No value from a journal can become one.
  case style(StaticString)

  static let nothing = HTML.group([])

  init(stringLiteral text: String) { self = .text(text) }

  /// Elements without content and end tag.
  private static let void: Set<String> = ["meta", "br", "hr"]

  var rendered: String {
    var text = ""
    render(into: &text)
    return text
  }

  private func render(into text: inout String) {
    switch self {
    case .text(let content):
      text += HTMLText.escaped(content)
    case .group(let children):
      for child in children { child.render(into: &text) }
    case .style(let content):
      text += "<style>\(content)</style>"
    case .element(let name, let attributes, let children):
      text += "<" + name
      for (attribute, value) in attributes {
        text += " \(attribute)=\"\(HTMLText.escaped(value))\""
      }
      text += ">"
      guard !Self.void.contains(name) else { return }
      for child in children { child.render(into: &text) }
      text += "</\(name)>"
    }
  }
}

/// The one place where text becomes part of a document.
enum HTMLText {
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      case "\n", "\t": result.unicodeScalars.append(scalar)
      case _ where isHidden(scalar):
        result += "⟨U+\(String(scalar.value, radix: 16, uppercase: true))⟩"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  /// What isn't seen, or changes the order in which other text is seen: it is named instead, so that nothing passes for
  /// something else.
  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: true
    // Joiners are part of writing in some scripts, and of emoji.
    case .format: scalar.value != 0x200C && scalar.value != 0x200D
    default: false
    }
  }
}

/// `tag("td", ["class": "x"]) { … }` in a form that reads as the document does.
func tag(
  _ name: String, _ attributes: KeyValuePairs<String, String> = [:],
  @HTMLBuilder _ content: () -> HTML = { .nothing }
) -> HTML {
  .element(name, attributes.map { ($0.key, $0.value) }, [content()])
}

@resultBuilder
enum HTMLBuilder {
  static func buildExpression(_ html: HTML) -> HTML { html }
  static func buildExpression(_ text: String) -> HTML { .text(text) }
  static func buildExpression(_ all: [HTML]) -> HTML { .group(all) }
  static func buildBlock(_ parts: HTML...) -> HTML { .group(parts) }
  static func buildOptional(_ part: HTML?) -> HTML { part ?? .nothing }
  static func buildEither(first: HTML) -> HTML { first }
  static func buildEither(second: HTML) -> HTML { second }
  static func buildArray(_ parts: [HTML]) -> HTML { .group(parts) }
}
