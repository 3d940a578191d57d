import Engine
import Journal

/// Finds runs by what a person types.
struct RunIndex {
  let journal: Journal

  /// The last one first.
  func all() async throws -> [RunSummary] { try await journal.runs().reversed() }

  func entries(of run: String) async throws -> [Entry] {
    try await journal.entries(run: run).collect()
  }

  /// The run of that name, or whose name alone ends so; the last one when none is named.
  func resolve(_ name: String?, onlyExecutions: Bool) async throws -> String {
    let runs = try await all().filter {
      !onlyExecutions || $0.type == RunStarted.RunKind.execution.rawValue
    }
    guard let name else {
      guard let last = runs.first else {
        throw EngineError(
          "run.not_found", "the journal has no \(onlyExecutions ? "execution" : "run") yet",
          advice: "'lifeboat rehearse' and 'lifeboat execute' begin one")
      }
      return last.id
    }
    let all = try await all()
    if let exact = all.first(where: { $0.id == name }) { return exact.id }
    let matching = all.filter { $0.id.hasSuffix(name) }
    guard matching.count == 1, let match = matching.first else {
      throw EngineError(
        "run.not_found",
        matching.isEmpty
          ? "the journal has no run \(name)" : "\(matching.count) runs end in \(name)",
        advice: "'lifeboat audit list' shows them")
    }
    return match.id
  }
}
