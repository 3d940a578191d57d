public import Journal

/// The words and marks for outcomes, one list for every view.
enum Words {
  static func outcome(_ name: String) -> String { name.replacing("_", with: " ") }

  static func granted(_ gate: String) -> String {
    switch gate {
    case "attest": "vouched for"
    case "consent": "consented to"
    case "redo": "said to be done again"
    default: "approved"
    }
  }

  static func mark(_ outcome: StepEnded.Outcome) -> String {
    switch outcome {
    case .ok, .changed: "✓"
    case .skipped: "–"
    case .failed: "✗"
    case .inDoubt, .waiting: "?"
    }
  }

  static func tone(_ outcome: StepEnded.Outcome) -> Line.Tone {
    switch outcome {
    case .ok, .changed: .good
    case .skipped: .faint
    case .failed: .bad
    case .inDoubt, .waiting: .attention
    }
  }

  static func mark(_ outcome: StepRehearsed.Outcome) -> String {
    switch outcome {
    case .already: "="
    case .wouldChange: "→"
    case .blocked: "✗"
    case .unknown: "?"
    case .wouldSkip: "–"
    }
  }

  static func tone(_ outcome: StepRehearsed.Outcome) -> Line.Tone {
    switch outcome {
    case .already, .wouldChange: .good
    case .blocked: .bad
    case .unknown: .attention
    case .wouldSkip: .faint
    }
  }

  /// By its name in the journal; of a step that has no outcome yet, a dot.
  static func mark(outcome name: String?) -> String {
    name.flatMap {
      StepEnded.Outcome(rawValue: $0).map(mark) ?? StepRehearsed.Outcome(rawValue: $0).map(mark)
    }
      ?? "·"
  }

  static func tone(outcome name: String?) -> Line.Tone {
    name.flatMap {
      StepEnded.Outcome(rawValue: $0).map(tone) ?? StepRehearsed.Outcome(rawValue: $0).map(tone)
    }
      ?? .attention
  }

  static func ending(_ ending: RunEnded.Ending) -> String {
    switch ending {
    case .done: "Done"
    case .failed: "FAILED"
    case .refused: "REFUSED"
    case .inDoubt: "IN DOUBT"
    case .waiting: "WAITING"
    case .interrupted: "STOPPED"
    case .blocked: "BLOCKED"
    case .unknown: "CANNOT TELL"
    }
  }

  static func tone(_ ending: RunEnded.Ending) -> Line.Tone {
    switch ending {
    case .done: .good
    case .failed, .refused, .blocked: .bad
    case .inDoubt, .waiting, .interrupted, .unknown: .attention
    }
  }
}

extension PersonRecord {
  /// `root (jdoe) at host`
  var spoken: String {
    let behind = [loginUser, realUser].compactMap(\.self).first { $0 != user }
    return "\(user)\(behind.map { " (\($0))" } ?? "") at \(host)"
  }

  /// What tells who it was, and from where: docs/people.md says which of it is evidence, and which a claim.
  public var evidence: [String] {
    [
      uid.map { "uid \($0)" },
      loginUser.map { "logged in as \($0)" } ?? "login not known",
      realUser.map { "sudo says from \($0)" },
      terminal.map { "at \($0)" }, client.map { "from \($0)" },
    ].compactMap(\.self)
  }
}
