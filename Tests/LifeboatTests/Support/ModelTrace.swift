import Actuators
import Journal
import Runbook
import Testing

@testable import Engine

/// Follows what a real run wrote down through the proof's model: all states in which the model may be are kept, and each entry
/// leaves those from which it can come about. Where none is left, reality does what the model doesn't know.
struct ModelTrace {
  private var model: ProofModel
  private let places: [String: Int]
  private var states: Set<ProofState>
  private var isRunning = true

  /// What the model and a real host both say of a target in the same words.
  private static let compared: Set<String> = [
    FactName.serviceState, FactName.startType, FactName.role, FactName.fenced,
  ]

  /// - Parameter first: the run's first entry.
  init(_ first: Entry) async throws {
    let started = try #require(try first.record(RunStarted.self))
    let plan = try started.plan.decode(Plan.self)
    // Nothing in the embedded lab asks for a permit: what comes back starts its services.
    let domain = SchedulerDomain(plan, asksPermit: false)
    model = try await ProofModel(plan, catalogue: .standard, domain: domain, time: SystemTime())
    places = Dictionary(uniqueKeysWithValues: plan.steps.enumerated().map { ($1.id, $0) })
    states = []
    for beginning in domain.beginnings {
      let world = model.number(of: beginning.world)
      guard model.mayBegin(in: world) else { continue }
      var state = model.first(of: beginning)
      state.outagesLeft = 1
      states.insert(state)
    }
    close()
  }

  /// Goes on with the next entry. Whether the model allows it.
  mutating func follow(_ entry: Entry) throws -> Bool {
    let place = entry.step.flatMap { places[$0] }
    if let record = try entry.record(StepIntent.self), let place {
      keep(seeing: record.observation, at: place)
      go { from, move in
        from.steps[place].phase != .intends && move.state.steps[place].phase == .intends
      }
    } else if try entry.record(StepActed.self) != nil, let place {
      go { from, move in
        from.steps[place].phase == .intends && move.state.steps[place].phase == .acted
      }
    } else if let record = try entry.record(StepEnded.self), let place {
      keep(seeing: record.observation, at: place)
      let isDone = [.ok, .changed, .skipped].contains(record.outcome)
      go { from, move in
        from.steps[place].phase != .done && move.event.step == entry.step
          && (isDone ? move.state.steps[place].phase == .done : move.state.runner != .runs)
      }
    } else if let record = try entry.record(RunEnded.self) {
      end(isDone: record.ending == .done)
    } else if try entry.record(RunResumed.self) != nil {
      // Whoever died left no entry.
      if isRunning { end(isDone: false) }
      isRunning = true
      go { from, move in
        from.runner == .isGone && move.state.runner == .runs
          && move.state.steps.map(\.recorded) == from.steps.map(\.recorded)
      }
    }
    return !states.isEmpty
  }

  // MARK: - Moves

  private mutating func end(isDone: Bool) {
    isRunning = false
    guard isDone else {
      let gone = states.filter { $0.runner == .isGone }
      go { _, move in move.event.kind == .crash && move.state.runner == .isGone }
      states.formUnion(gone)
      return close()
    }
    go { _, move in move.state.runner == .isDone }
  }

  private mutating func go(by isMeant: (ProofState, ProofMove) -> Bool) {
    var next: Set<ProofState> = []
    for state in states {
      for move in model.moves(from: state) where isMeant(state, move) { next.insert(move.state) }
    }
    states = next
    close()
  }

  /// With what the journal doesn't tell: what happens by itself, people who vouch, another try.
  private mutating func close() {
    var work = Array(states)
    while let state = work.popLast() {
      for move in model.moves(from: state) where isUntold(move, from: state) {
        if states.insert(move.state).inserted { work.append(move.state) }
      }
    }
  }

  private func isUntold(_ move: ProofMove, from state: ProofState) -> Bool {
    guard move.state.runner == state.runner else { return false }
    let phases = (state.steps.map(\.phase), move.state.steps.map(\.phase))
    if phases.0 == phases.1 { return true }
    return zip(phases.0, phases.1).allSatisfy { $0 == $1 || ($0 == .acted && $1 == .idle) }
  }

  /// The states in which the step sees what it saw.
  private mutating func keep(seeing facts: [FactRecord], at place: Int) {
    let told = facts.filter { Self.compared.contains($0.property) && $0.source == "probed" }
    states = states.filter { state in
      let seen = model.steps[place].observation(
        of: model.world(state.world), in: model.domain, filledWith: [:])
      return told.allSatisfy { fact in
        guard let reading = seen[FactKey(fact.subject, fact.property)]?.reading,
          let value = fact.value
        else { return true }
        return reading.value.map { JSON($0) == value } ?? false
      }
    }
  }
}

extension TestLab {
  /// The last run is one that the proof's model allows.
  func expectAllowedByModel() async throws {
    let journal = try Journal.openForReading(directory: home)
    var trace: ModelTrace?
    var told: [String] = []
    for try await entry in journal.entries() {
      if entry.kind == RunStarted.kind {
        trace = try await ModelTrace(entry)
        told = []
      }
      told.append("\(entry.kind) \(entry.step ?? "")")
      if try trace?.follow(entry) == false {
        Issue.record("the model has no such run: \(told.joined(separator: ", "))\n\(entry)")
        break
      }
    }
    #expect(trace != nil)
    try journal.close()
  }
}
