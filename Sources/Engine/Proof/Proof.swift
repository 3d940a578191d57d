public import Runbook

/// Explores every way in which a plan can go: each act succeeds, fails before its effect or after it, or takes effect when its
/// time is up; the runner dies between any two moves and is resumed, or the runbook is executed anew; people answer or don't;
/// sites break down and come back at any moment. States are hashed; the exploration is exhaustive, or says where it ended.
///
/// The model is the actions' own `judge`, `guards`, `predict` and `consent` over imagined facts, the engine's recovery table
/// and its permit. What the world does by itself is the domain's.
public struct Proof: Sendable {
  public struct Limits: Sendable {
    /// How many states of one beginning are explored.
    public var states: Int
    /// How many sites may break down, besides what is lost at the beginning.
    public var outages: Int

    public init(states: Int = 1_000_000, outages: Int = 1) {
      self.states = states
      self.outages = outages
    }
  }

  private let plan: Plan
  private let catalogue: ActionCatalogue
  private let domain: any ProofDomain
  private let limits: Limits
  private let time: any TimeSource

  public init(
    of plan: Plan, catalogue: ActionCatalogue, domain: any ProofDomain, limits: Limits = Limits(),
    time: any TimeSource = SystemTime()
  ) {
    self.plan = plan
    self.catalogue = catalogue
    self.domain = domain
    self.limits = limits
    self.time = time
  }

  public func explore() async throws -> ProofResult {
    var model = try await ProofModel(plan, catalogue: catalogue, domain: domain, time: time)
    var explored: [ProofResult.Explored] = []
    var findings: [ProofFinding] = []
    var endless: [ProofFinding] = []
    var reachesEnd = false
    for beginning in domain.beginnings {
      var exploration = Exploration(model, from: beginning, limits: limits)
      try exploration.run()
      explored.append(exploration.summary)
      findings += exploration.findings()
      if !beginning.isGoal, exploration.isBegun {
        reachesEnd = reachesEnd || exploration.reachesEnd
        if !exploration.reachesEnd { endless.append(exploration.endless()) }
      }
      model = exploration.model
    }
    return ProofResult(
      explored: explored, findings: Self.shortest(findings + (reachesEnd ? [] : endless)),
      assumptions: domain.assumptions,
      opaqueSteps: model.steps.filter { $0.isAbstract || $0.schema.isOpaque }.map(\.id))
  }

  /// Of each rule that is broken the shortest way there; one that tells nothing only where there is no other.
  private static func shortest(_ findings: [ProofFinding]) -> [ProofFinding] {
    func length(_ finding: ProofFinding) -> Int {
      finding.trace.isEmpty ? .max : finding.trace.count
    }
    var best: [String: ProofFinding] = [:]
    for finding in findings {
      if let known = best[finding.code], length(known) <= length(finding) { continue }
      best[finding.code] = finding
    }
    return best.values.sorted { ($0.trace.count, $0.code) < ($1.trace.count, $1.code) }
  }
}

/// What a proof found.
public struct ProofResult: Sendable {
  /// One beginning's part.
  public struct Explored: Sendable {
    public let beginning: String
    /// 0 where a precheck refuses the run.
    public let states: Int
    public let moves: Int
    /// The longest of the shortest ways to a state, in moves.
    public let depth: Int
    /// Whether every state was reached; else the exploration ended at its limit.
    public let isComplete: Bool
  }

  public let explored: [Explored]
  public let findings: [ProofFinding]
  public let assumptions: [String]
  /// The steps into which the proof can't see.
  public let opaqueSteps: [String]

  public var isComplete: Bool { explored.allSatisfy(\.isComplete) }
  /// No rule is broken, and every state was looked at.
  public var holds: Bool { findings.isEmpty && isComplete }
}

/// A rule that the plan can break, and the shortest way to it.
public struct ProofFinding: Sendable {
  /// `two-in-control`, `no-way-to-control`, `no-end`, or the domain's.
  public let code: String
  public let words: String
  public let beginning: String
  public let trace: [ProofEvent]
  /// The step to change: the last one that had to do with it; nil when none had.
  public let step: String?
}
