import Journal

/// Counts how the hosts of a fan-out come along: one line tells them all, and only those that differ are named.
struct FanOutTally: Sendable {
  let id: String
  private let hosts: Int
  private var began: Timestamp?
  private var running = 0
  private var outcomes: [String: Int] = [:]

  init(_ part: PlanOutline.Part) {
    id = part.id
    hosts = part.steps.count
  }

  private var ended: Int { outcomes.values.reduce(0, +) }
  var isComplete: Bool { ended == hosts }
  var hasBegun: Bool { began != nil }

  mutating func begin(at moment: Timestamp) {
    began = began ?? moment
    running += 1
  }

  mutating func end(_ outcome: String) {
    running = max(0, running - 1)
    outcomes[outcome, default: 0] += 1
  }

  /// `31 of 50 hosts done, 10 being done`
  var progress: String { "\(ended) of \(hosts) hosts done, \(running) being done" }

  /// `50 hosts: 48 changed, 2 failed`
  var summary: String {
    let counts = outcomes.sorted { $0.key < $1.key }
      .map { "\($0.value) \(Words.outcome($0.key))" }.joined(separator: ", ")
    guard !counts.isEmpty else { return "\(hosts) hosts, not yet" }
    return "\(isComplete ? "" : "\(ended) of ")\(hosts) hosts: \(counts)"
  }

  func summary(at moment: Timestamp) -> String {
    let took = began.map { "  \(moment.duration(since: $0).spoken)" } ?? ""
    return summary + took
  }
}

/// The fan-outs of a plan, and which planned steps are their parts.
struct FanOutTallies: Sendable {
  private var tallies: [String: FanOutTally] = [:]
  private var fanOuts: [String: String] = [:]

  init(_ parts: [PlanOutline.Part] = []) {
    for part in parts where part.group != nil {
      tallies[part.id] = FanOutTally(part)
      for step in part.steps { fanOuts[step] = part.id }
    }
  }

  /// The fan-out that a planned step is a part of.
  subscript(step: String?) -> FanOutTally? {
    get { step.flatMap { fanOuts[$0] }.flatMap { tallies[$0] } }
    set { if let newValue { tallies[newValue.id] = newValue } }
  }

  /// Those that were begun and not ended.
  var open: [FanOutTally] {
    tallies.values.filter { $0.hasBegun && !$0.isComplete }.sorted { $0.id < $1.id }
  }
}

extension String {
  /// Of a host's part, `repoint@dr.agent-1`, the host.
  var hostOfPart: String { split(separator: "@", maxSplits: 1).last.map(String.init) ?? self }
}
