/// All that is said about an action without running it: validation, `lifeboat actions`, the documentation's page and the
/// editors' JSON Schema come from here.
public struct ActionSchema: Sendable {
  public enum TargetKind: String, Sendable, Hashable {
    case none
    /// `dr.scheduler`
    case host
    /// `scheduler`: the database wherever it is
    case database
    /// `scheduler@dr`: its copy at one site
    case databaseAtSite
  }

  /// What the engine does when the verdict is `needed`.
  public enum Effect: String, Sendable, Hashable {
    /// acts, and probes until satisfied
    case changes
    /// fails: the action only looks
    case checks
    /// probes until satisfied or the time is up: the world moves by itself
    case waits
    /// asks people
    case asks
  }

  public enum Reversibility: Sendable, Hashable {
    /// Nothing to reverse.
    case nothingChanged
    /// By the named action.
    case reversible(by: String)
    case irreversible
  }

  public struct Parameter: Sendable {
    /// What kind of value is expected. Durations and references stay text until they are used.
    public indirect enum Kind: Sendable, Hashable {
      case string, integer, boolean, duration, size
      case choice([String])
      case site, host, service, path
      /// A reference, `env:NAME`; a literal is refused, and not repeated in the message.
      case secret
      case list(Kind)
      /// Free keys; every value of the kind.
      case mapping(Kind)
      /// Known keys.
      case record([Parameter.Field])
      /// One of several shapes, as an `unless` that is a list or a record.
      case any
    }

    /// One key of a record.
    public struct Field: Sendable, Hashable {
      public let name: String
      public let kind: Kind
      public let isRequired: Bool
      public let summary: String

      public init(_ name: String, _ kind: Kind, required: Bool = false, _ summary: String) {
        self.name = name
        self.kind = kind
        self.isRequired = required
        self.summary = summary
      }
    }

    public let name: String
    public let kind: Kind
    public let isRequired: Bool
    public let defaultText: String?
    public let summary: String
    /// Said in addition when a required parameter is missing: why it is required.
    public let whyRequired: String?

    public init(
      _ name: String, _ kind: Kind, required: Bool = false, default defaultText: String? = nil,
      why whyRequired: String? = nil, _ summary: String
    ) {
      self.name = name
      self.kind = kind
      self.isRequired = required
      self.defaultText = defaultText
      self.whyRequired = whyRequired
      self.summary = summary
    }
  }

  /// A line of the page's table of facts or guards.
  public struct Note: Sendable {
    public let name: String
    public let summary: String
    /// Of a fact: whether looking again may find another value although nobody has done anything.
    public let motion: Motion

    public init(_ name: String, _ summary: String, motion: Motion = .stays) {
      self.name = name
      self.summary = summary
      self.motion = motion
    }
  }

  /// How a fact's value comes to be another one.
  public enum Motion: Sendable, Hashable {
    /// Somebody or something must have acted.
    case stays
    /// It moves by itself, as times, positions and sizes do.
    case moves
    /// Of a list of rows, only what these columns hold moves by itself.
    case columnsMove([String])
    /// Of a list of rows, only the heartbeats move by themselves: the column that the inventory's `heartbeat_column` names.
    case heartbeatsMove
  }

  public let name: String
  /// One line, no full stop.
  public let summary: String
  /// Paragraphs for the page; Markdown.
  public let discussion: String
  public let target: TargetKind
  public let parameters: [Parameter]
  public let effect: Effect
  /// Whether it may change more than its facts say: a command, a statement, a request of the author's. A rehearsal doesn't
  /// know the world after it.
  public let isOpaque: Bool
  /// Of an action that only looks: whether other actions predict what it looks at. If not, a rehearsal can't foresee its verdict
  /// once an earlier step would change something.
  public let isForeseeable: Bool
  /// Whether a drill may let it act on what is real, as to leave a mark in a directory. Others act in a drill only on what is
  /// there for drills.
  public let mayActInDrills: Bool
  /// Whether it may stand among the prechecks, where it only looks: its verdict is worth having without acting.
  public let worksAsPrecheck: Bool
  /// Whether `act` may be done again when nobody knows how far it came.
  public let isRepeatable: Bool
  public let reversibility: Reversibility
  public let defaultTimeout: Duration
  public let facts: [Note]
  public let guards: [Note]
  /// A step that validates against the lab's inventory; tests run it.
  public let example: String

  public init(
    name: String, summary: String, discussion: String, target: TargetKind,
    parameters: [Parameter] = [], effect: Effect, worksAsPrecheck: Bool? = nil,
    isOpaque: Bool = false, isForeseeable: Bool = true, mayActInDrills: Bool = false,
    isRepeatable: Bool = true,
    reversibility: Reversibility = .nothingChanged, defaultTimeout: Duration = .seconds(60),
    facts: [Note] = [], guards: [Note] = [], example: String
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.target = target
    self.parameters = parameters
    self.effect = effect
    self.isOpaque = isOpaque
    self.isForeseeable = isForeseeable
    self.mayActInDrills = mayActInDrills
    self.worksAsPrecheck = worksAsPrecheck ?? (effect == .checks || effect == .waits)
    self.isRepeatable = isRepeatable
    self.reversibility = reversibility
    self.defaultTimeout = defaultTimeout
    self.facts = facts
    self.guards = guards
    self.example = example
  }
}

/// The actions that a runbook may name.
public struct ActionCatalogue: Sendable {
  public let actions: [any Action.Type]

  public init(_ actions: [any Action.Type]) {
    self.actions = actions.sorted { $0.schema.name < $1.schema.name }
  }

  public subscript(name: String) -> (any Action.Type)? {
    actions.first { $0.schema.name == name }
  }

  public var schemas: [ActionSchema] { actions.map { $0.schema } }
}
