/// libyaml's complaint in words that a writer can act on.
struct YAMLSyntaxMessage {
  let word: DiagnosticCode.Word
  let message: String
  let hint: String?
  let position: SourcePosition

  func report(to diagnostics: DiagnosticCollector) {
    diagnostics.error(word, at: position, message, hint: hint, area: .yaml)
  }

  init(_ error: YAMLParserError, in body: UnsafeBufferPointer<UInt8>) {
    switch error.place {
    case .byte(let offset): self.init(unreadable: error.problem, at: offset, in: body)
    case .mark(let position, let index):
      self.init(misplaced: error, at: position, near: Neighbours(of: index, in: body))
    }
  }

  /// A byte that is no character, or a character that YAML doesn't allow.
  private init(unreadable problem: String, at offset: Int, in body: UnsafeBufferPointer<UInt8>) {
    position = Self.position(ofByte: offset, in: body)
    guard problem == "control characters are not allowed" else {
      word = .badEncoding
      message = "this is not UTF-8"
      hint = "save the file as UTF-8"
      return
    }
    word = .badCharacter
    message =
      offset < body.count && body[offset] == 0
      ? "a NUL byte, and text was expected" : "a control character, and text was expected"
    hint = "remove it; inside double quotes it can be written as an escape, such as \\x1b"
  }

  private init(misplaced error: YAMLParserError, at position: SourcePosition, near: Neighbours) {
    word = .syntax
    if near.isReference {
      // libyaml ends the plain scalar at the brace, one after the dollar sign.
      self.position = SourcePosition(line: position.line, column: position.column - 1)
      message = "a value with '${…}' must be quoted here"
      hint = "inside [ ] and { }, write \"${…}\""
      return
    }
    if let unclosed = Self.unclosedQuote(error) {
      self.position = unclosed
      message = "the quote that opens here is never closed"
      hint = "close it, or double a ' that is meant as text"
      return
    }
    self.position = position
    (message, hint) = Self.words(for: error, character: near.character)
  }

  private static func unclosedQuote(_ error: YAMLParserError) -> SourcePosition? {
    guard error.context == "while scanning a quoted scalar",
      error.problem == "found unexpected end of stream"
        || error.problem == "found unexpected document indicator"
    else { return nil }
    return error.contextPosition
  }

  private static func words(
    for error: YAMLParserError, character: Unicode.Scalar?
  ) -> (message: String, hint: String?) {
    switch error.problem {
    case "found character that cannot start any token" where character == "\t",
      "found a tab character that violates indentation",
      "found a tab character where an indentation space is expected":
      ("a tab indents this line", "indent with spaces")
    case "found character that cannot start any token":
      (
        "a plain value can't start with \(Quoted.text(String(character ?? " ")))",
        "quote the value"
      )
    case "mapping values are not allowed in this context":
      (
        "a ':' is not expected here",
        "quote the value if it contains ': ', or check the line's indentation"
      )
    case "could not find expected ':'":
      ("this line has no 'key: value', and one was expected", "check for a missing ':' above")
    case "did not find expected key":
      (
        "this line belongs to no list or mapping above it",
        "check its indentation, and quotes and brackets of the line before"
      )
    case "did not find expected '-' indicator":
      ("an item of a list, starting with '- ', was expected", "check the line's indentation")
    case "did not find expected ',' or ']'":
      ("a ',' or ']' was expected", opened("[", error))
    case "did not find expected ',' or '}'":
      ("a ',' or '}' was expected", opened("{", error))
    case "block sequence entries are not allowed in this context":
      ("a '- ' is not expected here", "put the list on lines of its own below its key")
    case "found unknown escape character":
      ("unknown escape in a double-quoted text", "write \\\\ for a backslash, or use '…'")
    default: (error.problem, error.context)
    }
  }

  private static func opened(_ bracket: String, _ error: YAMLParserError) -> String? {
    error.contextPosition.map { "the '\(bracket)' is opened at \($0)" }
  }

  /// libyaml gives no line for a byte that it can't decode.
  private static func position(
    ofByte offset: Int, in body: UnsafeBufferPointer<UInt8>
  ) -> SourcePosition {
    // Of a broken sequence libyaml gives the byte that breaks it; the character starts before.
    let before =
      (0...min(3, offset)).lazy
      .compactMap { String(validating: body.prefix(offset - $0), as: UTF8.self) }.first ?? ""
    var line = 1
    var column = 1
    for character in before {
      if character.isNewline {
        line += 1
        column = 1
      } else {
        column += character.unicodeScalars.count
      }
    }
    return SourcePosition(line: line, column: column)
  }
}

/// The characters around the place of a complaint.
private struct Neighbours {
  let character: Unicode.Scalar?
  /// Whether the place is the brace of `${`.
  let isReference: Bool

  init(of index: Int, in body: UnsafeBufferPointer<UInt8>) {
    let scalars = String(decoding: body, as: UTF8.self).unicodeScalars
    let around = scalars.dropFirst(max(0, index - 1)).prefix(index > 0 ? 2 : 1)
    let hasCharacter = around.count == (index > 0 ? 2 : 1)
    character = hasCharacter ? around.last : nil
    isReference = around.elementsEqual("${".unicodeScalars)
  }
}
