/// A piece of a YAML document, with its place in the text.
///
/// Scalars stay text: what they mean is decided by who asks for them, never guessed.
struct YAMLNode: Sendable, Hashable {
  enum Content: Sendable, Hashable {
    case scalar(YAMLScalar)
    case sequence([YAMLNode])
    /// The pairs in written order; no key comes twice.
    case mapping([YAMLPair])
    /// Something that couldn't be read and has been reported: who meets it stays silent.
    case refused
  }

  let content: Content
  /// Where it is written; for an alias, where the alias stands.
  let position: SourcePosition
}

/// A scalar's text after YAML's own unquoting and folding.
struct YAMLScalar: Sendable, Hashable {
  let text: String
  /// True unless it was written plain: a quoted `"true"` is a word, not a truth value.
  let isQuoted: Bool

  /// What YAML calls null: nothing at all, or one of its four spellings, unquoted.
  var isNull: Bool { !isQuoted && ["", "~", "null", "Null", "NULL"].contains(text) }
}

/// One entry of a mapping.
struct YAMLPair: Sendable, Hashable {
  let key: String
  let keyPosition: SourcePosition
  let value: YAMLNode
}

extension YAMLNode {
  /// The scalar, when it is one.
  var scalar: YAMLScalar? {
    if case .scalar(let scalar) = content { scalar } else { nil }
  }

  /// What it is, for a message that says what was found.
  var summary: String {
    switch content {
    case .scalar(let scalar) where scalar.isNull: "nothing"
    case .scalar(let scalar): Quoted.text(scalar.text)
    case .sequence: "a list"
    case .mapping: "a mapping"
    case .refused: "an unreadable value"
    }
  }
}

/// Words of a document, made fit to be shown in a message.
enum Quoted {
  /// `'text'` in one line, shortened, and without characters that could steer a terminal.
  static func text(_ text: String, limit: Int = 40) -> String {
    var shown = ""
    for scalar in text.unicodeScalars.prefix(limit) {
      shown.unicodeScalars.append(isSteering(scalar) ? "\u{FFFD}" : scalar)
    }
    let isShortened = text.unicodeScalars.count > limit
    return "'\(shown)\(isShortened ? "…" : "")'"
  }

  private static func isSteering(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse: true
    default: false
    }
  }
}
