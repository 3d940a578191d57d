public import Journal

/// The runs as a table.
public struct RunTable: Sendable {
  private let runs: [RunSummary]
  private let hasMore: Bool

  /// `hasMore`: whether the list was cut.
  public init(_ runs: [RunSummary], hasMore: Bool = false) {
    self.runs = runs
    self.hasMore = hasMore
  }

  public var lines: [Line] {
    guard !runs.isEmpty else { return [Line("No such runs.")] }
    let rows = runs.map { run in
      [
        run.id, run.type ?? "?", run.runbook ?? "?",
        String(run.startedAt.description.prefix(19)) + "Z",
        run.endedAt.map { $0.duration(since: run.startedAt).spoken } ?? "-",
        run.ending.map { Words.outcome($0) } ?? "no end written", run.person?.identity ?? "?",
      ]
    }
    let header = ["RUN", "TYPE", "RUNBOOK", "STARTED", "TOOK", "ENDED", "BY"]
    return TextTable(header, rows).lines
      + (hasMore
        ? [
          Line(
            "There are more: --limit shows them, and --since, --runbook and others choose.", .faint)
        ]
        : [])
  }
}
