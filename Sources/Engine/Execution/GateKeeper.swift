import Foundation
import Journal
public import Runbook

/// Where answers to gates come from: a terminal, or the command line.
public protocol GateAnswers: Sendable {
  /// Nil when nobody is there to answer: the run then waits, and is resumed with the answer.
  func answer(_ question: Question, step: String) async throws -> Answer?
}

extension Question.Kind {
  /// The option of the command line that gives the answer.
  public var option: String {
    switch self {
    case .approval: "--approve"
    case .consent: "--consent"
    case .attest: "--attest"
    case .redo: "--redo"
    }
  }
}

/// A person's answer.
public struct Answer: Sendable, Hashable {
  public let isGranted: Bool
  /// What the person said; for an attestation, on what they vouch.
  public let words: String

  public init(isGranted: Bool, words: String) {
    self.isGranted = isGranted
    self.words = words
  }
}

/// Asks, and keeps what was answered. Answers are for one plan: those given to another don't count.
actor GateKeeper {
  enum Ruling: Sendable {
    case granted
    case refused(String)
    /// So many people are still missing; and why an answer that was given doesn't count.
    case open(missing: Int, why: String? = nil)
  }

  /// How old an attestation may be. A site that was dark an hour ago may be up again.
  static let attestationLifetime = Duration.seconds(15 * 60)

  private let recorder: Recorder
  private let answers: any GateAnswers
  private let person: PersonRecord
  private let planDigest: String
  private let signatures: any GateSignatures
  /// The inventory's file of the keys that people sign with.
  private let allowedSigners: String?
  private var kept: [RecordedRun.GateAnswer]
  /// The questions that are being asked, and who waits to ask the same.
  private var turns: [String: [CheckedContinuation<Void, Never>]] = [:]
  /// What people did not grant since this runner began: they are not asked for the next host.
  private var notGranted: [String: Ruling] = [:]

  init(
    recorder: Recorder, answers: any GateAnswers, person: PersonRecord, planDigest: String,
    signatures: any GateSignatures, allowedSigners: String?, kept: [RecordedRun.GateAnswer]
  ) {
    self.signatures = signatures
    self.allowedSigners = allowedSigners
    self.recorder = recorder
    self.answers = answers
    self.person = person
    self.planDigest = planDigest
    self.kept = kept.filter { $0.record.planDigest == planDigest }
  }

  /// Ends the attestations that are too old to go on with, when a run is resumed and while it waits.
  func endOldAttestations() async throws {
    let oldest = Timestamp(recorder.time.now()).advanced(by: .zero - Self.attestationLifetime)
    try await void(.expired) { $0.isAttestation(before: oldest) ? [] : nil }
  }

  /// What was seen, with its gaps filled by what people have vouched for in this run. Vouching for what is then seen to
  /// be otherwise ends there: when the target goes dark again, people are asked again.
  func fill(_ seen: Observation) async throws -> Observation {
    try await endOldAttestations()
    try await void(.contradicted) { answer in
      let otherwise = answer.contradictions(in: seen)
      return otherwise.isEmpty ? nil : otherwise
    }
    return seen.filled(with: kept.flatMap { $0.record.facts.map(\.fact) })
  }

  /// Ends the answers for which `finding` returns facts, and writes down that they ended.
  private func void(
    _ reason: GateVoided.Reason, where finding: (RecordedRun.GateAnswer) -> [Fact]?
  ) async throws {
    let ended = kept.compactMap { answer in finding(answer).map { (answer, $0) } }
    kept.removeAll { finding($0) != nil }
    for (answer, facts) in ended {
      try await recorder.record(
        GateVoided(
          gate: answer.record.gate, prompt: answer.record.prompt, person: answer.record.person,
          reason: reason, facts: facts.map { FactRecord($0, at: recorder.time.now()) }),
        step: answer.step)
    }
  }

  /// The targets of which something holds only because people vouched for it.
  var vouchedFor: [String] {
    let subjects = kept.flatMap { $0.record.facts.map(\.subject) }
    return Set(subjects.map { String($0.prefix { $0 != "/" }) }).sorted()
  }

  /// Asks until enough different people have granted it, one has refused, or nobody answers. The hosts of a fan-out ask
  /// the same: the first one asks, and the others hear the answer.
  func ask(_ question: Question, step: String) async throws -> Ruling {
    // Answers stand under the words that the journal holds.
    let question = question.asking(recorder.kept(question.prompt))
    let key = "\(step) \(question.kind.rawValue) \(question.prompt)"
    await takeTurn(key)
    defer { passTurn(key) }
    if let ruling = notGranted[key] { return ruling }
    let ruling = try await askNow(question, step: step)
    if case .granted = ruling {} else { notGranted[key] = ruling }
    return ruling
  }

  private func takeTurn(_ key: String) async {
    guard turns[key] != nil else {
      turns[key] = []
      return
    }
    await withCheckedContinuation { turns[key]?.append($0) }
  }

  private func passTurn(_ key: String) {
    guard let next = turns[key]?.first else {
      turns[key] = nil
      return
    }
    turns[key]?.removeFirst()
    next.resume()
  }

  private func askNow(_ question: Question, step: String) async throws -> Ruling {
    let before = try await granters(of: question, step: step)
    if before.people >= question.required { return .granted }
    try await recorder.record(
      GateAsked(
        gate: question.kind.rawValue, prompt: question.prompt, required: question.required,
        answerOption: question.kind.option, signed: question.isSigned ? true : nil),
      step: step)
    guard signatures.canSign || (before + [granterHere]).people > before.people else {
      return .open(missing: question.required - before.people, why: Self.sameAgain)
    }
    guard let answer = try await answers.answer(question, step: step) else {
      return .open(missing: question.required - before.people)
    }
    try await keep(answer, to: question, step: step)
    if !answer.isGranted { return .refused(recorder.kept(answer.words)) }
    let granters = try await granters(of: question, step: step)
    if granters.people >= question.required { return .granted }
    return .open(
      missing: question.required - granters.people,
      why: granters.people > before.people
        ? nil : question.isSigned ? Self.notSigned : Self.sameAgain)
  }

  private static let sameAgain =
    "whoever answers now can't be told from those who did; it takes another account, or a signature"
  private static let notSigned =
    "the answer isn't signed with a key that the inventory's allowed_signers know, and a new one"

  private var granterHere: Granter { Granter(person: person, principal: nil) }

  /// Writes an answer down, signed where the person has named a key.
  private func keep(_ answer: Answer, to question: Question, step: String) async throws {
    let now = recorder.time.now()
    let facts = question.facts.map { fact in
      var attested = fact
      attested.source = .attested
      attested.at = now
      return FactRecord(attested, at: now)
    }
    var record = try recorder.kept(
      GateAnswered(
        gate: question.kind.rawValue, prompt: question.prompt, granted: answer.isGranted,
        words: answer.words, person: person, planDigest: planDigest,
        facts: answer.isGranted ? facts : []))
    if signatures.canSign {
      record.signature = try await signature(on: record, step: step, at: Timestamp(now))
    }
    try await recorder.record(record, step: step)
    kept.append(RecordedRun.GateAnswer(step: step, record: record))
  }

  private func signature(
    on record: GateAnswered, step: String, at moment: Timestamp
  ) async throws -> SignatureRecord {
    let statement = try record.statement(run: recorder.run, step: step, at: moment)
    var signature = SignatureRecord(
      at: moment, principal: nil, armored: try await signatures.sign(statement))
    if let allowedSigners {
      let principal = try await signatures.signer(
        of: statement, signature, allowedSigners: allowedSigners)
      signature = SignatureRecord(
        at: moment, principal: principal, armored: signature.armored)
    }
    return signature
  }

  /// Who granted it, of those whose answer counts. Signatures are verified anew: what an entry says of whose they are
  /// isn't relied on.
  private func granters(of question: Question, step: String) async throws -> [Granter] {
    var granters: [Granter] = []
    for answer in kept
    where answer.step == step && answer.record.granted
      && answer.record.gate == question.kind.rawValue && answer.record.prompt == question.prompt
    {
      let principal = try await principal(of: answer)
      if principal != nil || !question.isSigned {
        granters.append(Granter(person: answer.record.person, principal: principal))
      }
    }
    return granters
  }

  private func principal(of answer: RecordedRun.GateAnswer) async throws -> String? {
    guard let signature = answer.record.signature, let allowedSigners else { return nil }
    let statement = try answer.record.statement(
      run: recorder.run, step: answer.step, at: signature.at)
    return try await signatures.signer(of: statement, signature, allowedSigners: allowedSigners)
  }
}
