import Runbook

@testable import Engine

/// The real actions in an imagined world: what they judge, guard, predict and ask for is their own; what they see and do
/// is the world's.
extension ActionCatalogue {
  var modelled: ActionCatalogue { ActionCatalogue(actions.map(Self.modelled)) }

  private static func modelled(_ type: any Action.Type) -> any Action.Type {
    if type is any GateAction.Type { return type }
    if let fencing = type as? any FencingAction.Type { return modelledFencing(fencing) }
    if let acting = type as? any ActingAction.Type { return modelledActing(acting) }
    return modelledLooking(type)
  }

  private static func modelledLooking<A: Action>(_: A.Type) -> any Action.Type {
    ModelledLook<A>.self
  }

  private static func modelledActing<A: ActingAction>(_: A.Type) -> any Action.Type {
    ModelledAct<A>.self
  }

  private static func modelledFencing<A: FencingAction>(_: A.Type) -> any Action.Type {
    ModelledFence<A>.self
  }
}

protocol Modelled: Action {
  associatedtype Real: Action
  var real: Real { get }
  var step: String { get }
}

extension Modelled {
  static var schema: ActionSchema { Real.schema }
  func judge(_ observation: Observation) -> Verdict { real.judge(observation) }
  func predict(_ observation: Observation) -> Observation? { real.predict(observation) }

  func probe(_ observer: any Observer) async throws -> Observation {
    guard let model = observer as? ModelObserver else { throw ActionError("model", "no model") }
    return try await model.world.look(for: real, of: step)
  }
}

struct ModelledLook<Real: Action>: Modelled {
  let real: Real
  let step: String

  init(_ arguments: Arguments) throws {
    (real, step) = (try Real(arguments), arguments.step)
  }
}

protocol ModelledActing: Modelled, ActingAction where Real: ActingAction {}

extension ModelledActing {
  var guards: [Guard] { real.guards }
  var isRepeatable: Bool { real.isRepeatable }
  var undoability: Undoability { real.undoability }
  func consent(for observation: Observation) -> Question? { real.consent(for: observation) }
  func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    real.undo(restoring: before, from: now)
  }

  func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence {
    guard let model = `operator` as? ModelOperator else {
      throw ActionError("model", "no model")
    }
    let effect = real.predict(observation).map { predicted in
      Dictionary(
        predicted.facts.compactMap { fact in fact.reading.value.map { (fact.key, $0) } },
        uniquingKeysWith: { $1 })
    }
    guard let effect else { return Evidence() }
    let seen = real.rechecked.map { ($0, observation[$0]?.reading.value) }
    try await model.world.act(
      ScheduledAct(
        step: step, effect: effect, rechecked: Dictionary(seen, uniquingKeysWith: { $1 })),
      given: observation)
    return Evidence()
  }
}

/// What a step does to the world, once and as a whole.
struct ScheduledAct {
  let step: String
  let effect: [FactKey: Value]
  /// What the act itself checks, as it was seen.
  let rechecked: [FactKey: Value?]
}

struct ModelledAct<Real: ActingAction>: ModelledActing {
  let real: Real
  let step: String

  init(_ arguments: Arguments) throws {
    (real, step) = (try Real(arguments), arguments.step)
  }
}

struct ModelledFence<Real: FencingAction>: ModelledActing, FencingAction {
  let real: Real
  let step: String

  init(_ arguments: Arguments) throws {
    (real, step) = (try Real(arguments), arguments.step)
  }
}

// MARK: - Capabilities

struct ModelObserver: Observer {
  let world: ScheduledWorld

  var time: any TimeSource { world.time }

  private static let none = ActionError("model", "an imagined world has no hosts")

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    throw Self.none
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result { throw Self.none }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse { throw Self.none }
}

struct ModelOperator: Operator {
  let world: ScheduledWorld
  let token: String

  var observer: any Observer { ModelObserver(world: world) }

  private static let none = ActionError("model", "an imagined world has no hosts")

  func run(_ command: Command, on host: Host) async throws -> CommandResult { throw Self.none }

  func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result { throw Self.none }

  func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result { throw Self.none }

  func send(_ request: HTTPRequest) async throws -> HTTPResponse { throw Self.none }

  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws { throw Self.none }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    throw Self.none
  }
}
