import Runbook

/// A read-only command that exits with 0 when it is so, and with 1 when it is not, as `test` and `grep` do.
struct CommandCondition: WorldCondition {
  static let exitCode = "exit_code"

  let host: Host
  let command: ReadOnlyCommand

  init(_ arguments: [String], on host: Host, step: String) throws {
    guard let command = ReadOnlyCommand(probe: arguments) else {
      throw ActionError(
        "command.not_read_only",
        "step \(step): a probe can't run '\(arguments.first ?? "")', which may change something",
        advice: "it may run \(ReadOnlyCommand.programsOfProbes.joined(separator: ", "))")
    }
    self.command = command
    self.host = host
  }

  private var subject: String { "\(host.id): \(command.arguments.joined(separator: " "))" }

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      let result = try await observer.run(command, on: host)
      return [Fact(subject, Self.exitCode, .integer(result.exitCode))]
    } catch {
      return [Fact(subject, Self.exitCode, try Reading(gapFrom: error))]
    }
  }

  func judge(_ observation: Observation) -> ConditionFinding {
    switch observation[subject, Self.exitCode]?.integer {
    case 0: .met("on \(subject) exits with 0")
    case 1: .unmet("on \(subject) exits with 1")
    case .some(let code):
      .unknown("on \(subject) exits with \(code), which says neither yes nor no")
    case nil: .unknown(observation.gap(subject, Self.exitCode) ?? "it was not asked")
    }
  }

  var factsWhenMet: [Fact] { [Fact(subject, Self.exitCode, 0)] }
}
