import Journal

extension StepRehearsed {
  /// ` (12 facts probed, 2 predicted)`; nothing where nothing was looked at.
  var factsUsed: String {
    let predicted = observation.count { $0.source == "predicted" }
    let probed = observation.count - predicted
    guard !observation.isEmpty else { return "" }
    return predicted == 0
      ? " (\(probed) facts probed)" : " (\(probed) facts probed, \(predicted) predicted)"
  }
}

extension OperationRecord {
  /// On one line: where, and what.
  var spoken: String {
    let line =
      switch kind {
      case .command: "\(place)$ \(what)"
      case .statement, .writeFile, .removeFile: "\(place): \(what)"
      case .request: what
      case .untold: "can't say what exactly: \(what)"
      }
    return (condition.map { "if \($0): " } ?? "") + line
  }

  /// On one line; a command's arguments quoted as a shell would read them.
  var what: String {
    switch kind {
    case .command: command
    case .statement: oneLine(statement ?? "")
    case .request: "\(method ?? "") \(url ?? "")\(body.map { " with \(oneLine($0))" } ?? "")"
    case .writeFile: "write \(path ?? "")"
    case .removeFile: "remove \(path ?? "")"
    case .untold: note ?? ""
    }
  }

  /// `root@dr.database`: the host, and as whom there, or the database's copy; empty for a request.
  var place: String { (account.map { "\($0)@" } ?? "") + (at ?? "") }

  private var command: String {
    let settings = (environment ?? [:]).sorted { $0.key < $1.key }
      .map { "\($0.key)=\(Self.quoted($0.value))" }
    let words = settings + (arguments ?? []).map(Self.quoted)
    return words.joined(separator: " ") + (input.map { " <<< \(Self.quoted($0))" } ?? "")
  }

  private func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// For reading, and for pasting: nothing in it is taken for more than text, and it stays on one line.
  private static func quoted(_ word: String) -> String {
    let isPlain =
      !word.isEmpty
      && word.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
          || "-_./:=@%+,".unicodeScalars.contains($0)
      }
    if word.contains(where: \.isNewline) {
      let escaped = word.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
      return "$'"
        + escaped.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        .joined(separator: "\\n") + "'"
    }
    return isPlain ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
}
