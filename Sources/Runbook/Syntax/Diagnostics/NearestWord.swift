/// Finds the known word that a writer most likely meant.
enum NearestWord {
  /// Words longer than this, in characters, are not compared.
  static let longestWord = 64
  /// Words beyond these are not compared: a hint isn't worth the time that a hostile file asks for.
  static let mostWords = 500

  /// The closest of `words` to `word`, or nil when none is close.
  ///
  /// Close means at most a third of the word's characters wrong (at least one).
  static func find(_ word: String, in words: some Sequence<String>) -> String? {
    guard !word.isEmpty, word.count <= longestWord else { return nil }
    let allowed = max(1, word.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in words.prefix(mostWords) where abs(candidate.count - word.count) <= allowed {
      let distance = distance(normalized(word), normalized(candidate))
      guard distance <= allowed, distance < best?.distance ?? .max else { continue }
      best = (candidate, distance)
    }
    return best?.word
  }

  /// A hint that names the nearest of `words`, else lists them all.
  static func hint(for word: String, in words: [String], called plural: String) -> String {
    if let nearest = find(word, in: words) { return "did you mean '\(nearest)'?" }
    if words.isEmpty { return "there are none" }
    let shown = words.prefix(20).joined(separator: ", ")
    return words.count > 20
      ? "\(plural): \(shown), … (\(words.count) in all)" : "\(plural): \(shown)"
  }

  /// `run-type`, `runType` and `run_type` are one word to whoever mistypes them.
  private static func normalized(_ word: String) -> [Character] {
    word.lowercased().map { $0 == "-" ? "_" : $0 }
  }

  /// The optimal string alignment distance: insertions, removals, replacements, and swaps of
  /// neighbours.
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, character) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let replaced = last[column] + (character == other ? 0 : 1)
        var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
