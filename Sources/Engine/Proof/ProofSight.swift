import Runbook

/// What a step sees in one world, and what its action makes of it.
struct ProofSight: Sendable {
  let observation: Observation
  let verdict: Verdict
  /// What a person would vouch for, when the target can't be asked.
  let question: [Fact]
  /// Why acting is refused; nil when it isn't.
  let refusal: String?
  /// Whether a guard about the other schedulers stands in the journal's intent, by which a permit is given.
  let isGuarded: Bool
  /// What the action wants consent for; nil when nothing.
  let consent: String?
  /// The values that acting would bring about; nil when the action can't say.
  let effect: [FactKey: Value]?
}

/// Asked in place of the world: everything is dark. An action's probe of it names all the facts that the action looks at.
struct DarkObserver: Observer {
  let time: any TimeSource

  private static let error = ActionError("proof.dark", "nobody is asked", kind: .unreachable)

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    throw Self.error
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result { throw Self.error }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse { throw Self.error }
}
