import ArgumentParser

/// Each subcommand has a file of its own, in `Audit/`.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Review what happened: list and compare runs, search, verify, and prove.",
    subcommands: [
      List.self, Show.self, Diff.self, Search.self, Timeline.self, People.self, Verify.self,
      Checkpoint.self, Keys.self, Prove.self, Consistency.self, CheckProof.self, Leaks.self,
    ])
}
