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
}

extension Modelled {
  static var schema: ActionSchema { Real.schema }
  func judge(_ observation: Observation) -> Verdict { real.judge(observation) }
  func predict(_ observation: Observation) -> Observation? { real.predict(observation) }

  func probe(_ observer: any Observer) async throws -> Observation {
    guard let model = observer as? ModelObserver else { throw ActionError("model", "no model") }
    let dark = try await real.probe(DarkObserver(time: observer.time))
    let through = real is any FencingAction ? real.predict(Observation())?.facts ?? [] : []
    return try await model.world.look(
      at: Set(dark.facts.map(\.key)), seeingThrough: Set(through.map(\.key)))
  }
}

struct ModelledLook<Real: Action>: Modelled {
  let real: Real
  init(_ arguments: Arguments) throws { real = try Real(arguments) }
}

protocol ModelledActing: Modelled, ActingAction where Real: ActingAction {}

extension ModelledActing {
  var guards: [Guard] { real.guards }
  var isRepeatable: Bool { real.isRepeatable }
  func consent(for observation: Observation) -> Question? { real.consent(for: observation) }

  func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence {
    guard let model = `operator` as? ModelOperator else {
      throw ActionError("model", "no model")
    }
    try await model.world.act(
      model.step, real.predict(observation), rechecking: real.rechecked, seen: observation)
    return Evidence()
  }
}

struct ModelledAct<Real: ActingAction>: ModelledActing {
  let real: Real
  init(_ arguments: Arguments) throws { real = try Real(arguments) }
}

struct ModelledFence<Real: FencingAction>: ModelledActing, FencingAction {
  let real: Real
  init(_ arguments: Arguments) throws { real = try Real(arguments) }
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

  /// The step whose operator it is: tokens are `RUN-STEP`.
  var step: String { String(token.dropFirst(ScheduledWorld.runLength + 1)) }

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
