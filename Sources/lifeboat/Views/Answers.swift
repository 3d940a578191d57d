import Engine
import Foundation
import Runbook

/// Answers to gates: given on the command line, else asked on the terminal, else nobody is there.
struct Answers: GateAnswers {
  let console: Console
  let mayAsk: Bool
  /// Words by step, from `--approve` and `--attest`.
  let approvals: [String: String]
  let attestations: [String: String]

  func answer(_ question: Question, step: String) async throws -> Answer? {
    let given = question.kind == .approval ? approvals[step] : attestations[step]
    if let given { return Answer(isGranted: true, words: given) }
    guard mayAsk, console.canAsk else { return nil }
    return ask(question)
  }

  private func ask(_ question: Question) -> Answer? {
    let verb = question.kind == .approval ? "Approve" : "Vouch for this"
    guard let reply = console.ask("        \(verb)? Type yes or no: ") else { return nil }
    let isGranted = reply.trimmingCharacters(in: .whitespaces).lowercased() == "yes"
    let what =
      question.kind == .approval ? "A word for the journal" : "How do you know? (for the journal)"
    guard let words = console.ask("        \(isGranted ? what : "Why not?"): ") else { return nil }
    return Answer(isGranted: isGranted, words: words)
  }
}
