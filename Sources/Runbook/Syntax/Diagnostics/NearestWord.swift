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
    let typed = normalized(word)
    guard !typed.isEmpty, typed.count <= longestWord else { return nil }
    var allowed = max(1, typed.count / 3)
    var best: String?
    for candidate in words.prefix(mostWords) {
      let known = normalized(candidate)
      guard abs(known.count - typed.count) <= allowed,
        let distance = distance(typed, known, atMost: allowed)
      else { continue }
      best = candidate
      guard distance > 0 else { break }
      allowed = distance - 1
    }
    return best
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
  private static func normalized(_ word: String) -> [UInt8] {
    word.lowercased().utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
  }

  /// The optimal string alignment distance: insertions, removals, replacements, and swaps of
  /// neighbours. Nil when it is larger than `limit`.
  static func distance(_ left: [UInt8], _ right: [UInt8], atMost limit: Int) -> Int? {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, byte) in left.enumerated() {
      var current = [row + 1]
      for (column, other) in right.enumerated() {
        let replaced = last[column] + (byte == other ? 0 : 1)
        var cost = min(replaced, last[column + 1] + 1, current[column] + 1)
        if row > 0, column > 0, byte == right[column - 1], left[row - 1] == other {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      guard min(current.min() ?? 0, last.min() ?? 0) <= limit else { return nil }
      (beforeLast, last) = (last, current)
    }
    return last[right.count] <= limit ? last[right.count] : nil
  }
}
