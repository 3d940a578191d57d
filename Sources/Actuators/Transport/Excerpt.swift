/// As much of a long text as an entry or a message takes, with what was cut said. What was blotted out of the text must be
/// so before: of a part nobody can tell what it is of.
enum Excerpt {
  static let limitBytes = 4096

  /// The end of what a program wrote: there its result or its complaint is.
  static func end(of text: String) -> String {
    let kept = text.utf8.suffix(limitBytes)
    let cut = text.utf8.count - kept.count
    return cut == 0 ? text : "… \(spelled(cut)) bytes cut …" + String(decoding: kept, as: UTF8.self)
  }

  /// The beginning of an answer. `more` bytes of it were cut before.
  static func beginning(of text: String, more: Int = 0) -> String {
    let kept = text.utf8.prefix(limitBytes)
    let cut = text.utf8.count - kept.count + more
    return cut == 0 ? text : String(decoding: kept, as: UTF8.self) + "… \(spelled(cut)) bytes cut"
  }

  /// `12,345`
  static func spelled(_ number: Int) -> String {
    let digits = Array(String(number))
    return digits.enumerated().map { index, digit in
      let rest = digits.count - index
      return (index > 0 && rest % 3 == 0 ? "," : "") + String(digit)
    }.joined()
  }
}
