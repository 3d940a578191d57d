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
    /// Whether parts of the plan, and states that go on in the same way, are looked at once; false only takes longer.
    public var isReduced: Bool

    public init(states: Int = 1_000_000, outages: Int = 1, isReduced: Bool = true) {
      self.states = states
      self.outages = outages
      self.isReduced = isReduced
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
    let model = try await ProofModel(plan, catalogue: catalogue, domain: domain, time: time)
    let parts = limits.isReduced ? ProofParts(of: model) : ProofParts(whole: model)
    let apart = try explore(parts, of: model)
    guard parts.count > 1 else { return apart.result }
    if !apart.hasStrayed, apart.result.findings.isEmpty { return apart.result }
    // How a rule can be broken is told with all of the steps.
    let whole = try explore(ProofParts(whole: model), of: model).result
    let isEnough = apart.hasStrayed || whole.isComplete || !whole.findings.isEmpty
    return isEnough ? whole : apart.result
  }

  private func explore(
    _ parts: ProofParts, of whole: ProofModel
  ) throws -> (result: ProofResult, hasStrayed: Bool) {
    var models = parts.all.map { ProofModel($0, of: whole) }
    var explored: [ProofResult.Explored] = []
    var findings: [ProofFinding] = []
    var endless: [ProofFinding] = []
    var reachesEnd = false
    for beginning in domain.beginnings {
      var isEndless = false
      for (place, part) in parts.all.enumerated() {
        var exploration = Exploration(models[place], of: part, from: beginning, limits: limits)
        try exploration.run()
        findings += exploration.findings()
        if place == 0 {
          explored.append(exploration.summary)
        } else {
          explored[explored.count - 1].add(exploration.summary)
        }
        if exploration.isBegun, !exploration.reachesEnd {
          isEndless = true
          if !beginning.isGoal { endless.append(exploration.endless()) }
        }
        models[place] = exploration.model
      }
      let isBegun = explored[explored.count - 1].states > 0
      reachesEnd = reachesEnd || (isBegun && !beginning.isGoal && !isEndless)
    }
    let result = ProofResult(
      explored: explored, findings: Self.shortest(findings + (reachesEnd ? [] : endless)),
      assumptions: domain.assumptions,
      opaqueSteps: whole.steps.filter { $0.isAbstract || $0.schema.isOpaque }.map(\.id),
      parts: parts.count)
    return (result, models.contains(where: \.hasStrayed))
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
    public private(set) var states: Int
    public private(set) var moves: Int
    /// The longest of the shortest ways to a state, in moves.
    public private(set) var depth: Int
    /// Whether every state was reached; else the exploration ended at its limit.
    public private(set) var isComplete: Bool

    /// Another part's exploration from the same beginning.
    mutating func add(_ other: Explored) {
      states += other.states
      moves += other.moves
      depth = max(depth, other.depth)
      isComplete = isComplete && other.isComplete
    }
  }

  public let explored: [Explored]
  public let findings: [ProofFinding]
  public let assumptions: [String]
  /// The steps into which the proof can't see.
  public let opaqueSteps: [String]
  /// In how many parts that have nothing to do with each other the plan was explored.
  public let parts: Int

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
