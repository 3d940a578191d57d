public import Runbook

/// `command.run`
public struct CommandRun: ActingAction {
  public static let schema = ActionSchema(
    name: "command.run",
    summary: "Run a command on a host, unless a look shows that it is done",
    discussion: """
      The command is a list, program first. No shell reads it: every item arrives as one argument, byte for byte.

      `unless` says how to see that the command's work is done. It exits with 0 when it is, with 1 when it is not; any other
      code is "cannot tell". Only programs that can't change anything are allowed in it. It is asked before and, until it
      exits with 0 or the time is up, after.

      A command that was cut off in the middle is not run again unless the step says `repeatable: true`: a person looks.
      """,
    target: .host,
    parameters: [
      .init("command", .list(.string), required: true, "The program and its arguments"),
      .init(
        "unless", .list(.string), required: true,
        why:
          "without it nobody can tell whether the command's work is done, so the step could not be idempotent",
        "A read-only command that exits with 0 when the work is done"),
      .init(
        "environment", .mapping(.string), "Variables to set; never a secret, others can see them"),
      .init("stdin", .string, "Standard input"),
      .init(
        "repeatable", .boolean, default: "false", "Whether it may be run again after it was cut off"
      ),
    ],
    effect: .changes,
    isOpaque: true,
    isRepeatable: false,
    reversibility: .irreversible,
    facts: [.init(CommandCondition.exitCode, "of the `unless` command")],
    example: """
      id: announce
      action: command.run
      target: dr.scheduler
      with:
        command: [touch, /var/tmp/dr-is-active]
        unless: [test, -e, /var/tmp/dr-is-active]
        repeatable: true
      """)

  private let host: Host
  private let command: Command
  private let done: CommandCondition
  public let isRepeatable: Bool

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    var command = Command(arguments.strings("command") ?? [])
    command.standardInput = arguments.string("stdin").map { CommandInput($0) }
    command.environment = (arguments["environment"]?.mapping ?? [:]).mapValues(\.description)
    guard !command.arguments.isEmpty else {
      throw ActionError("command.empty", "step \(arguments.step): 'command' is empty")
    }
    self.command = command
    done = try CommandCondition(
      arguments.strings("unless") ?? [], on: host, step: arguments.step)
    isRepeatable = arguments.boolean("repeatable") ?? Self.schema.isRepeatable
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(try await done.observe(observer))
  }

  public func judge(_ observation: Observation) -> Verdict { done.judge(observation).verdict }

  public func predict(_ observation: Observation) -> Observation? { done.prediction() }

  public func operations(given observation: Observation) -> [Operation] {
    [Operation(.command(command, on: host))]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let result = try await `operator`.run(command, on: host)
    return try CommandEvidence(result, of: command.arguments, on: host).checked()
  }
}
