/// Columns as wide as their widest cell.
struct TextTable {
  private let header: [String]
  private let rows: [[String]]
  private let tones: [Line.Tone]

  init(_ header: [String], _ rows: [[String]], tones: [Line.Tone] = []) {
    self.header = header
    self.rows = rows
    self.tones = tones
  }

  var lines: [Line] {
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    func text(_ cells: [String]) -> String {
      zip(cells, widths).map { $0.padded(to: $1) }.joined(separator: "  ").trimmingTrailingSpaces
    }
    return [Line(text(header), .heading)]
      + rows.enumerated().map { place, cells in
        Line(text(cells), tones.indices.contains(place) ? tones[place] : .plain)
      }
  }
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }

  var trimmingTrailingSpaces: String {
    var rest = Substring(self)
    while rest.last == " " { rest.removeLast() }
    return String(rest)
  }
}
