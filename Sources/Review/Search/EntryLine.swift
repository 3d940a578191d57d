public import Journal

/// An entry in one line, for a list of many: its place, when, of which run and step, what it is, and what it says.
public struct EntryLine: Sendable {
  private let entry: Entry

  public init(_ entry: Entry) { self.entry = entry }

  public var line: Line {
    let place = [entry.run, entry.step].compactMap(\.self).joined(separator: " ")
    let parts = [
      "\(entry.index)", entry.at.clockText, entry.kind, place, entry.outcome.map(Words.outcome),
      gist,
    ]
    return Line(
      parts.compactMap(\.self).filter { !$0.isEmpty }.joined(separator: "  "), tone)
  }

  /// What it says in its own words, as far as they fit in a line.
  private var gist: String? {
    let body = entry.body
    if let words = body["words"]?.stringValue {
      return "“\(words.firstLine.cut(to: 120))” by \(body["person"]?["user"]?.stringValue ?? "?")"
    }
    let said = [
      body["message"], body["verdict"]?["explanation"], body["prompt"], body["failure"]?["message"],
      body["because"], body["name"], body["description"],
    ]
    return said.lazy.compactMap { $0?.stringValue }.first?.firstLine.cut(to: 160)
  }

  private var tone: Line.Tone {
    switch entry.outcome {
    case "failed", "blocked", "refused": .bad
    case "in_doubt", "waiting", "unknown", "interrupted": .attention
    case nil: .faint
    default: .plain
    }
  }
}

extension Timestamp {
  /// To the second: `2026-11-23 03:15:02Z`.
  var clockText: String {
    description.prefix(19).replacing("T", with: " ") + "Z"
  }
}

extension String {
  /// What comes in several lines, as a log does, is told in full elsewhere.
  var firstLine: String { split(separator: "\n").first.map(String.init) ?? "" }

  /// A text that is longer ends in an ellipsis.
  func cut(to length: Int) -> String {
    count <= length ? self : prefix(max(0, length - 1)) + "…"
  }
}
