import Journal

/// Every question that was put to people, in the order in which they were first asked, with what became of it.
struct GateLedger {
  private struct Key: Hashable {
    let step: String
    let gate: String
    let prompt: String
  }

  fileprivate struct Question {
    var required = 1
    var isSigned = false
    var asked: [GateReport.Moment] = []
    var answers: [GateReport.Answer] = []
    var voided: [GateReport.Voided] = []
    /// Answers that count no more, by their entries.
    var ended: Set<Int> = []
  }

  private var order: [Key] = []
  private var questions: [Key: Question] = [:]

  mutating func take(_ entry: Entry, step: String, ms: Int, planDigest: String) throws {
    if let record = try entry.record(GateAsked.self) {
      change(Key(step: step, gate: record.gate, prompt: record.prompt)) {
        $0.required = record.required
        $0.isSigned = record.signed ?? false
        $0.asked.append(GateReport.Moment(entry: entry.index, at: entry.at, ms: ms))
      }
    } else if let record = try entry.record(GateAnswered.self) {
      change(Key(step: step, gate: record.gate, prompt: record.prompt)) {
        $0.answers.append(
          GateReport.Answer(
            entry: entry.index, at: entry.at, ms: ms, granted: record.granted,
            words: record.words, person: record.person, planDigest: record.planDigest,
            isForThisPlan: record.planDigest == planDigest, facts: record.facts,
            signature: record.signature.map {
              GateReport.Signature(at: $0.at, principal: $0.principal)
            }))
      }
    } else if let record = try entry.record(GateVoided.self) {
      change(Key(step: step, gate: record.gate, prompt: record.prompt)) { question in
        question.voided.append(
          GateReport.Voided(
            entry: entry.index, at: entry.at, person: record.person,
            reason: record.reason.rawValue, facts: record.facts))
        let theirs = question.answers.filter { $0.person == record.person }.map(\.entry)
        question.ended.formUnion(theirs)
      }
    }
  }

  private mutating func change(_ key: Key, _ body: (inout Question) -> Void) {
    if questions[key] == nil { order.append(key) }
    body(&questions[key, default: Question()])
  }

  var reports: [GateReport] {
    order.compactMap { key in
      questions[key].map { question in
        GateReport(
          step: key.step, gate: key.gate, prompt: key.prompt, required: question.required,
          people: question.people, signed: question.isSigned, state: question.state,
          asked: question.asked, answers: question.answers,
          voided: question.voided)
      }
    }
  }
}

extension GateLedger.Question {
  /// An answer for another plan is none, nor is one that counts no more.
  private var counting: [GateReport.Answer] {
    answers.filter { $0.isForThisPlan && !ended.contains($0.entry) }
  }

  var people: Int {
    counting.filter { $0.granted && (!isSigned || $0.signature?.principal != nil) }
      .map { Granter(person: $0.person, principal: $0.signature?.principal) }.people
  }

  var state: GateReport.State {
    if people >= required { return .granted }
    if !ended.isEmpty { return .voided }
    return counting.last?.granted == false ? .refused : .open
  }
}
