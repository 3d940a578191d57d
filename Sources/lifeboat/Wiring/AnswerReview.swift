import Engine
import Journal
import Review

/// An answer to a gate, as it bears examination.
struct ReviewedAnswer: Codable {
  enum Signature: String, Codable {
    case none, valid, invalid
    /// There is one, and no file of allowed signers to hold it against.
    case unverified
  }

  let entry: Int
  let at: Timestamp
  let step: String
  let gate: String
  let prompt: String
  let granted: Bool
  let words: String
  let person: PersonRecord
  let signature: Signature
  /// Whose key signed, as verified now.
  let principal: String?
  /// Whether it was given to the plan that the run carries out.
  let isForThisPlan: Bool

  enum CodingKeys: String, CodingKey {
    case entry, at, step, gate, prompt, granted, words, person, signature, principal
    case isForThisPlan = "for_this_plan"
  }

  var isSound: Bool { isForThisPlan && signature != .invalid }

  var lines: [Line] {
    let signed: Line =
      switch signature {
      case .none: Line("  not signed", .faint)
      case .valid: Line("  signed with the key of \(principal ?? "")", .good)
      case .unverified:
        Line("  signed; not verified: no file of allowed signers is named", .attention)
      case .invalid:
        Line(
          "  SIGNATURE DOES NOT HOLD: nobody's known key made it, or it is of another answer", .bad)
      }
    return [
      Line("\(at)  \(step)  \(gate): \(prompt)"),
      Line(
        "  \(granted ? "granted" : "refused") by \(person.user) at \(person.host) ("
          + person.evidence.joined(separator: ", ") + "): “\(words)”"),
      signed,
    ] + (isForThisPlan ? [] : [Line("  GIVEN TO ANOTHER PLAN: it doesn't count", .bad)])
  }
}

/// Holds answers to gates against the plan of their run and against the signers' keys.
struct AnswerReview {
  let run: String
  let planDigest: String
  let allowedSigners: String?
  let signatures: GateSigning

  /// Nil when the entry is no answer.
  func review(_ entry: Entry) async throws -> ReviewedAnswer? {
    guard let record = try entry.record(GateAnswered.self), let step = entry.step else {
      return nil
    }
    let (signature, principal) = try await signature(of: record, step: step)
    return ReviewedAnswer(
      entry: entry.index, at: entry.at, step: step, gate: record.gate, prompt: record.prompt,
      granted: record.granted, words: record.words, person: record.person, signature: signature,
      principal: principal, isForThisPlan: record.planDigest == planDigest)
  }

  private func signature(
    of record: GateAnswered, step: String
  ) async throws -> (ReviewedAnswer.Signature, String?) {
    guard let signature = record.signature else { return (.none, nil) }
    guard let allowedSigners else { return (.unverified, nil) }
    let statement = try record.statement(run: run, step: step, at: signature.at)
    let principal = try await signatures.signer(
      of: statement, signature, allowedSigners: allowedSigners)
    return (principal == nil ? .invalid : .valid, principal)
  }
}
