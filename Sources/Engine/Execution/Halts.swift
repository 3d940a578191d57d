import Journal
import Runbook

/// Why no further step is begun, and what did not get through and was tolerated. Of several reasons, what is in doubt
/// counts most.
struct Halts: Sendable {
  private struct Halt: Sendable {
    let kind: RunEnded.Ending
    let step: PlannedStep
    let ending: StepEnding

    /// The lower, the graver.
    var rank: Int {
      let order: [RunEnded.Ending] = [.inDoubt, .failed, .refused, .waiting]
      return order.firstIndex(of: kind) ?? order.count
    }
  }

  /// How many hosts of a fan-out are named with their reasons; of more only the names are given.
  private static let reasons = 3

  private let run: String
  private var halts: [Halt] = []
  /// What was tolerated, each with why it did not get through.
  private(set) var tolerated: [String] = []
  /// By fan-out: its hosts that did not get through, tolerated or not.
  private var hosts: [String: [String]] = [:]

  init(run: String) { self.run = run }

  mutating func take(_ step: PlannedStep, _ ending: StepEnding) {
    if let kind = ending.ending { halts.append(Halt(kind: kind, step: step, ending: ending)) }
    guard ending.ending == nil ? ending.outcome.isFailure : ending.ending != .waiting else {
      return
    }
    if ending.ending == nil { tolerated.append("\(step.id): \(ending.message)") }
    if let fanOut = step.fanOut { hosts[fanOut.step, default: []].append(step.id) }
  }

  /// While all that is missing is an answer for one host, the other hosts of its fan-out go on: whoever comes to answer
  /// finds all questions at once.
  func allow(_ step: PlannedStep) -> Bool {
    halts.allSatisfy { halt in
      halt.kind == .waiting && halt.step.fanOut != nil && halt.step.fanOut == step.fanOut
    }
  }

  /// Something stopped the run that no answer lets go on.
  var endTheRun: Bool { !halts.isEmpty && halts.allSatisfy { $0.kind != .waiting } }

  /// Nil when nothing stopped the run. A run that was closed, by the steps that are done always, has nothing left to go on
  /// from.
  func runEnded(outcomes: [String: Int], isClosed: Bool) -> RunEnded? {
    guard let gravest = halts.min(by: { $0.rank < $1.rank }) else { return nil }
    var others: [String] = []
    for halt in halts where halt.step.runbookID != gravest.step.runbookID {
      if others.last != halt.step.runbookID { others.append(halt.step.runbookID) }
    }
    let more = others.isEmpty ? "" : "; nor did \(others.joined(separator: ", ")) get through"
    let advice = gravest.ending.advice ?? gravest.ending.failure?.advice ?? "put the cause right"
    guard !isClosed else {
      return RunEnded(
        ending: gravest.kind, step: gravest.step.runbookID,
        message: message(of: gravest) + more + "; what is always done at the end is done",
        advice: "\(advice); then execute it anew", resumable: false, outcomes: outcomes)
    }
    let resume = "lifeboat resume \(run)"
    return RunEnded(
      ending: gravest.kind, step: gravest.step.runbookID, message: message(of: gravest) + more,
      advice: advice.contains(resume) ? advice : "\(advice); then: \(resume)", resumable: true,
      outcomes: outcomes)
  }

  private func message(of halt: Halt) -> String {
    guard let fanOut = halt.step.fanOut else { return "\(halt.step.id): \(halt.ending.message)" }
    let own = halts.filter { $0.step.fanOut == fanOut }
    if halt.kind == .waiting {
      return "\(fanOut.step): \(own.map(\.step.id).joined(separator: ", ")): \(halt.ending.message)"
    }
    let names = hosts[fanOut.step] ?? []
    let why = own.prefix(Self.reasons).map { "\($0.step.id): \($0.ending.message)" }
    return
      "\(fanOut.step): \(names.count) of the hosts of \(fanOut.group) did not get through, and "
      + "\(fanOut.maxFailed) may fail: \(names.joined(separator: ", ")); \(why.joined(separator: "; "))"
  }
}

extension StepEnded.Outcome {
  /// Not done, though the run may have gone on.
  fileprivate var isFailure: Bool { self == .failed || self == .inDoubt }
}
