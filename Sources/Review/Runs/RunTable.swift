public import Journal

/// The runs as a table.
public struct RunTable: Sendable {
  private let runs: [RunSummary]

  public init(_ runs: [RunSummary]) { self.runs = runs }

  public var lines: [Line] {
    guard !runs.isEmpty else { return [Line("No runs yet.")] }
    let rows = runs.map { run in
      [
        run.id, run.type ?? "?", run.runbook ?? "?",
        String(run.startedAt.description.prefix(19)) + "Z",
        run.endedAt.map { $0.duration(since: run.startedAt).spoken } ?? "-",
        run.ending.map { Words.outcome($0) } ?? "no end written",
      ]
    }
    let header = ["RUN", "TYPE", "RUNBOOK", "STARTED", "TOOK", "ENDED"]
    let widths = header.indices.map { column in
      ([header] + rows).map { $0[column].count }.max() ?? 0
    }
    func line(_ cells: [String]) -> String {
      zip(cells, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
        .joined(separator: "  ").trimmingSuffix { $0 == " " }
    }
    return [Line(line(header), .heading)] + rows.map { Line(line($0)) }
  }
}

extension String {
  fileprivate func trimmingSuffix(while isCut: (Character) -> Bool) -> String {
    var rest = Substring(self)
    while let last = rest.last, isCut(last) { rest.removeLast() }
    return String(rest)
  }
}
