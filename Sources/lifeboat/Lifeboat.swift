import ArgumentParser

@main
struct Lifeboat: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifeboat",
    abstract: "Runs disaster-recovery runbooks: rehearsed, idempotent, resumable, and journalled.",
    discussion: """
      First look:   lifeboat rehearse RUNBOOK --sites sites.yaml
      For real:     lifeboat execute RUNBOOK --sites sites.yaml
      After a stop: lifeboat explain, then lifeboat resume RUN, or lifeboat abort RUN

      Exit codes
      \(ExitStatus.help)
      """,
    version: Version.current,
    subcommands: [
      ValidateCommand.self, ProofCommand.self, RehearseCommand.self, ExecuteCommand.self,
      ResumeCommand.self,
      AbortCommand.self, ExplainCommand.self, PermitCommand.self, AuditCommand.self,
      SchedulerConfigCommand.self,
      ActionsCommand.self,
      DoctorCommand.self, LabCommand.self,
    ])
}

enum Version {
  static let current = "0.1.0"
}
