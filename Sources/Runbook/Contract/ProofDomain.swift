/// A world as a proof imagines it: what is so, whether or not anybody can see it.
public struct ModelWorld: Sendable, Hashable {
  /// Why a site can't be asked.
  public enum Outage: String, Sendable, Hashable {
    /// Nothing there runs.
    case powerless
    /// Everything there goes on, and nobody outside hears of it.
    case cutOff
  }

  public var facts: [FactKey: Value]
  /// By site.
  public var outages: [String: Outage]

  public init(facts: [FactKey: Value] = [:], outages: [String: Outage] = [:]) {
    self.facts = facts
    self.outages = outages
  }

  public subscript(subject: String, property: String) -> Value? {
    get { facts[FactKey(subject, property)] }
    set { facts[FactKey(subject, property)] = newValue }
  }
}

/// A world in which a run may begin.
public struct ProofBeginning: Sendable {
  /// "production is in control, and lost".
  public let name: String
  public let world: ModelWorld
  /// The site that may run its scheduler.
  public let permitted: String?
  /// The site that was the last one that might, where none may.
  public let lastPermitted: String?
  /// Whether what the plan is for is so already.
  public let isGoal: Bool

  public init(
    _ name: String, _ world: ModelWorld, permitted: String?, lastPermitted: String? = nil,
    isGoal: Bool = false
  ) {
    self.name = name
    self.world = world
    self.permitted = permitted
    self.lastPermitted = permitted ?? lastPermitted
    self.isGoal = isGoal
  }
}

/// Something that happens by itself, whatever a run does.
public struct Happening: Sendable {
  public enum Kind: Sendable, Hashable {
    /// Something breaks.
    case outage
    /// A site is there again.
    case comesBack(site: String)
    /// What works does its work.
    case goesOn
    /// A person does what a step that is blocked asks for.
    case byHand
  }

  public let kind: Kind
  /// "production comes back, and its services start".
  public let words: String
  public let world: ModelWorld

  public init(_ kind: Kind, _ words: String, _ world: ModelWorld) {
    self.kind = kind
    self.words = words
    self.world = world
  }
}

/// An act, as a proof's invariants see it.
public struct ProofAct: Sendable {
  public let step: PlannedStep
  public let before: ModelWorld
  public let after: ModelWorld
  /// Whether a person consented to what the action said is at stake.
  public let isConsentedTo: Bool

  public init(step: PlannedStep, before: ModelWorld, after: ModelWorld, isConsentedTo: Bool) {
    self.step = step
    self.before = before
    self.after = after
    self.isConsentedTo = isConsentedTo
  }
}

/// What a proof has to know of the systems that a plan moves, and the engine doesn't: how a world may begin, what moves in
/// it by itself, and what must never be so. What steps do is not in here: that is the actions' own `judge`, `guards` and
/// `predict`.
public protocol ProofDomain: Sendable {
  var beginnings: [ProofBeginning] { get }

  /// What it takes for granted, as sentences for whoever relies on the proof.
  var assumptions: [String] { get }

  /// The site that a fact's subject is at; nil for what is at none.
  func site(of subject: String) -> String?

  /// Whether a rule looks at the subject, or what happens by itself ties it to others, besides that its site is lost.
  func governs(_ subject: String) -> Bool

  /// The world once what follows at once from its facts has followed, as a replica that has its primary's rows.
  func settled(_ world: ModelWorld) -> ModelWorld

  func happenings(in world: ModelWorld, permitted: String?) -> [Happening]

  /// Which schedulers are in control, each running jobs against a database that takes changes.
  func inControl(_ world: ModelWorld) -> [String]

  /// Whether one scheduler is in control, with all that belongs to it: what every way must be able to come to.
  func isInOrder(_ world: ModelWorld) -> Bool

  /// What an act breaks, as a sentence; nil when nothing.
  func breach(of act: ProofAct) -> ProofBreach?
}

/// A rule that an act breaks.
public struct ProofBreach: Sendable, Hashable {
  /// `truncated-live-table`
  public let code: String
  public let words: String

  public init(_ code: String, _ words: String) {
    self.code = code
    self.words = words
  }
}
