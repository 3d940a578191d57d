import ArgumentParser
import Engine
import Journal

/// The exit codes, by meaning: one list, shown in `--help` and in docs/exit-codes.md.
enum ExitStatus: Int32, CaseIterable {
  case done = 0
  case failed = 1
  case refused = 2
  case inDoubt = 3
  case waiting = 4
  case interrupted = 5
  case blocked = 6
  case unknown = 7
  case invalid = 8
  case journal = 9
  case notPermitted = 10
  case found = 11
  case usage = 64

  var meaning: String {
    switch self {
    case .done:
      "done; of a rehearsal: could be executed now; of readiness: ready; of a check: nothing found"
    case .failed: "a step failed; what it did is known"
    case .refused:
      "refused before acting: a precheck, a guard, another runner, a changed runbook, the proof"
    case .inDoubt: "it can't be told whether a step was done"
    case .waiting: "a gate waits for a person"
    case .interrupted: "stopped by a person"
    case .blocked: "rehearsal: a step could not be done as things are; readiness: not ready"
    case .unknown:
      "rehearsal: of a step it can't be told; readiness: of a check; audit leaks: of a secret; prove: not everything was explored; scheduler-config: of a host"
    case .invalid: "the runbook, the inventory or a parameter is wrong; nothing was done"
    case .journal: "the journal can't be read or written, or is damaged"
    case .notPermitted: "permit: this site may not run its scheduler, or that can't be told"
    case .found:
      "audit: a secret stands in clear, or an answer to a gate isn't what it claims to be; prove: a rule can be broken; scheduler-config: the pair is not right"
    case .usage: "the command line is wrong"
    }
  }

  static var help: String {
    allCases.map { status in
      let number = String(status.rawValue)
      return "  " + String(repeating: " ", count: 2 - number.count) + "\(number)  \(status.meaning)"
    }.joined(separator: "\n")
  }

  init(_ ending: RunEnded.Ending) {
    self =
      switch ending {
      case .done: .done
      case .failed: .failed
      case .refused: .refused
      case .inDoubt: .inDoubt
      case .waiting: .waiting
      case .interrupted: .interrupted
      case .blocked: .blocked
      case .unknown: .unknown
      }
  }

  init(_ error: JournalError) {
    switch error.code {
    case .leaseHeld: self = .refused
    // Another runner has taken over in the middle of the run.
    case .leaseLost: self = .inDoubt
    default: self = .journal
    }
  }

  /// Ends the command with this status; done is no error.
  func exit() throws {
    if self != .done { throw ExitCode(rawValue) }
  }
}
