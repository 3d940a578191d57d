import Runbook

/// Everything that decides how it can go on from a moment: the world, what the journal holds, and what the runner does.
struct ProofState: Hashable, Sendable {
  /// The runner's life.
  enum Runner: UInt8, Hashable, Sendable {
    case runs
    /// Begins no further step: one didn't get through.
    case halts
    /// The same, and one waits for an answer: what is always done is not done yet.
    case waits
    /// Died, or ended without being done: the run can be resumed.
    case isGone
    case isDone

    var beginsNothing: Bool { self == .halts || self == .waits }
  }

  /// One step, in the journal and in the runner that works on it.
  struct Step: Hashable, Sendable {
    enum Phase: UInt8, Hashable, Sendable {
      case idle
      /// The intent is written, and nothing is done yet.
      case intends
      /// The act has returned.
      case acted
      case done
      /// It did not get through in this runner's life.
      case stopped
    }

    var recorded = RecordedProgress.nothing
    var phase = Phase.idle
    /// What it is about to do; -1 when nothing.
    var act: Int32 = -1
    /// The outcome, as a condition of a later step reads it.
    var isChanged = false
    var isSkipped = false
    var isTolerated = false
    /// What a person consented to, at the last question.
    var isConsentedTo = false
    /// What it saw before it first acted, where the model keeps that; else -1.
    var before: Int32 = -1

    /// In one go: states are hashed more often than anything else is done.
    func hash(into hasher: inout Hasher) {
      var bits = UInt64(UInt32(bitPattern: act))
      bits = bits << 3 | UInt64(phase.rawValue)
      bits = bits << 2 | UInt64(recorded.rank)
      for flag in [isChanged, isSkipped, isTolerated, isConsentedTo] {
        bits = bits << 1 | (flag ? 1 : 0)
      }
      hasher.combine(bits)
      hasher.combine(before)
    }
  }

  var world: Int32
  /// What people have vouched for.
  var vouched: Int32
  /// The site that may run its scheduler, by its place among the sites with one; -1 for none.
  var permitted: Int8
  /// The site that was the last one that might.
  var lastPermitted: Int8
  var outagesLeft: UInt8
  var runner: Runner
  /// The act whose time was up, and whose effect may still come; -1 for none.
  var late: Int32
  var steps: [Step]

  var isWorking: Bool {
    steps.contains { $0.phase == .intends || $0.phase == .acted }
  }

  /// What is left of it when the runner is gone: the journal.
  func withoutRunner(_ runner: Runner) -> ProofState {
    var state = self
    state.runner = runner
    for index in steps.indices {
      state.steps[index].phase = .idle
      state.steps[index].act = -1
      state.steps[index].isConsentedTo = false
      state.steps[index].isTolerated = false
    }
    return state
  }
}

/// What happens between two states, in the words of the runbook.
public struct ProofEvent: Sendable, Hashable {
  public enum Kind: Sendable, Hashable {
    /// The runner looks, decides, acts, verifies.
    case step
    /// A person answers, or does something by hand.
    case person
    /// An act fails, or its time is up; nobody answers.
    case mishap
    case crash
    case resume
    /// What breaks by itself.
    case outage
    case comesBack(site: String)
    /// What works by itself.
    case world
  }

  public let kind: Kind
  /// The step's id; nil for what is no step's.
  public let step: String?
  public let words: String
}

extension RecordedProgress {
  fileprivate var rank: UInt8 {
    switch self {
    case .nothing: 0
    case .intent: 1
    case .acted: 2
    case .verified: 3
    }
  }
}
