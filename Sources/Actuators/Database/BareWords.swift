/// The words of a statement of SQL Server's, in capitals, without what stands in quotes, brackets or comments.
struct BareWords {
  private(set) var words: [String] = []
  private var rest: Substring

  init(in sql: String) {
    rest = sql[...]
    while let first = rest.first {
      if rest.hasPrefix("--") {
        rest = rest.drop { !$0.isNewline }
      } else if rest.hasPrefix("/*") {
        skipComment()
      } else if let end = Self.ends[first] {
        skip(to: end)
      } else if Self.isOfWord(first) {
        let word = rest.prefix(while: Self.isOfWord)
        words.append(word.uppercased())
        rest = rest.dropFirst(word.count)
      } else {
        rest = rest.dropFirst()
      }
    }
  }

  private static let ends: [Character: Character] = ["'": "'", "\"": "\"", "[": "]"]

  private static func isOfWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "_@#$".contains(character)
  }

  /// A doubled end is part of what it quotes: the second one opens what goes on.
  private mutating func skip(to end: Character) {
    while true {
      rest = rest.dropFirst().drop { $0 != end }.dropFirst()
      guard rest.first == end else { return }
    }
  }

  /// Comments nest.
  private mutating func skipComment() {
    var depth = 0
    repeat {
      if rest.hasPrefix("/*") {
        depth += 1
        rest = rest.dropFirst(2)
      } else if rest.hasPrefix("*/") {
        depth -= 1
        rest = rest.dropFirst(2)
      } else {
        rest = rest.dropFirst()
      }
    } while depth > 0 && !rest.isEmpty
  }
}
