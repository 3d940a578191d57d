/// A kind of work that a step does. Looking and acting are separate: `probe` gets an `Observer`, which has no means of
/// changing anything; what changes the world is an `ActingAction`.
///
/// The conformance suite in TestSupport holds what the compiler can't: probing changes nothing, acting satisfies the next
/// probe, acting twice is harmless or declared not to be, and cancellation returns.
public protocol Action: Sendable {
  static var schema: ActionSchema { get }

  /// `arguments` have been checked against `schema`. Throws `ActionError` for what a schema can't say.
  init(_ arguments: Arguments) throws

  /// Where it will go as a rule, as far as that can be told beforehand. A run gets there early, so that no step waits for
  /// a log-in; nothing else depends on it.
  var destinations: [Destination] { get }

  /// The programs that it runs on hosts beyond those that every host has, as far as that can be told beforehand.
  var needs: [ProgramNeed] { get }

  /// Looks, and states facts. A target that can't be reached is a fact with an `unreachable` reading, not an error.
  func probe(_ observer: any Observer) async throws -> Observation

  /// Whether the observed world is as the step wants it. Pure.
  func judge(_ observation: Observation) -> Verdict

  /// The facts that would hold after the step, given what was observed; nil when that can't be said. Pure.
  func predict(_ observation: Observation) -> Observation?
}

extension Action {
  public var destinations: [Destination] { [] }
  public var needs: [ProgramNeed] { [] }
  public func predict(_ observation: Observation) -> Observation? { nil }
}

/// An action that can change the world.
public protocol ActingAction: Action {
  /// What must hold immediately before `act`.
  var guards: [Guard] { get }

  /// Whether `act` may be done again when nobody knows how far it came. The schema's word, unless the arguments decide.
  var isRepeatable: Bool { get }

  /// What a person must agree to before acting on this observation, as killing a service that doesn't stop, or losing
  /// more than the objective allows; nil when nothing. Asked in addition to the step's own approval, once for each
  /// wording: let the words change when what is at stake does, and not with every look. Pure.
  func consent(for observation: Observation) -> Question?

  /// Whether what it changes can be brought back exactly, as far as its arguments tell.
  var undoability: Undoability { get }

  /// The steps, in their order, that bring back exactly what was observed before it first acted, from what is observed
  /// now; none where that would change nothing, nil where it can't be done. Pure.
  func undo(restoring before: Observation, from now: Observation) -> [UndoStep]?

  /// The facts that `act` itself checks in the moment of acting, so that it does nothing when they are no longer what
  /// `observation` says; as a database's role, read in the transaction that changes it.
  var rechecked: [FactKey] { get }

  /// What `act` would do to the world on this observation, in order and without looking. Pure, and made of the same pieces
  /// as `act`: the conformance suite compares the two.
  func operations(given observation: Observation) -> [Operation]

  /// Brings about what `judge` asks for. `observation` is the fresh one on which verdict and guards stand: where a
  /// database allows it, `act` checks in its own transaction that it still holds. The engine probes afterwards; what
  /// `act` returns is evidence for the journal, not proof.
  func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
}

extension ActingAction {
  public var guards: [Guard] { [] }
  public var rechecked: [FactKey] { [] }
  public func consent(for observation: Observation) -> Question? { nil }
  public var isRepeatable: Bool { Self.schema.isRepeatable }
  public func operations(given observation: Observation) -> [Operation] {
    [Operation(.untold("what exactly it does is found out while it is done"))]
  }
}

/// An action that makes a target harmless from outside, as by cutting its power, and sees that without asking the target.
/// For as long as the target can't be asked, what a fresh probe of this action sees stands in for the target's own answer;
/// the engine probes again whenever that is wanted.
public protocol FencingAction: ActingAction {}

/// An action that waits for people.
public protocol GateAction: Action {
  var question: Question { get }
}

/// An action whose truth reading alone can't show, and writing small probe files can: that two hosts see one directory.
/// A rehearsal calls `prove` only when the operator allowed probe files.
public protocol ProvableByProbeFiles: Action {
  /// Writes probe files, reads them back from the other side, removes them, and returns what that showed.
  func prove(_ files: any ProbeFileWriter, observer: any Observer) async throws -> Observation
}

/// What a gate asks.
public struct Question: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, Codable {
    /// May this be done?
    case approval
    /// May this be done although it costs what the action says, as the world is now?
    case consent
    /// Is this so? The person vouches for what can't be probed.
    case attest
    /// May this be done again, although nobody can tell how far it came?
    case redo
  }

  public let kind: Kind
  public let prompt: String
  /// How many different people must answer.
  public let required: Int
  /// The facts that an attestation makes known.
  public let facts: [Fact]
  /// Whether only answers count that are signed with a person's key.
  public let isSigned: Bool

  public init(
    _ kind: Kind, prompt: String, required: Int = 1, facts: [Fact] = [], isSigned: Bool = false
  ) {
    self.kind = kind
    self.prompt = prompt
    self.required = required
    self.facts = facts
    self.isSigned = isSigned
  }

  /// The same, for signed answers alone.
  public var signed: Question {
    Question(kind, prompt: prompt, required: required, facts: facts, isSigned: true)
  }

  public func asking(_ prompt: String) -> Question {
    Question(kind, prompt: prompt, required: required, facts: facts, isSigned: isSigned)
  }
}

/// What acting left behind for the journal: answers of servers, exit codes, paths. Never a secret.
public struct Evidence: Sendable, Hashable {
  public var details: [String: Value]

  public init(_ details: [String: Value] = [:]) { self.details = details }
}
