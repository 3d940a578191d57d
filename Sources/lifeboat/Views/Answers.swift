import Engine
import Foundation
import Runbook

/// Answers to gates: given on the command line, else asked on the terminal, else nobody is there.
struct Answers: GateAnswers {
  let console: Console
  let mayAsk: Bool
  /// Words given on the command line, by step, for each kind of question.
  let given: [Question.Kind: [String: String]]

  func answer(_ question: Question, step: String) async throws -> Answer? {
    if let words = given[question.kind]?[step] { return Answer(isGranted: true, words: words) }
    guard mayAsk, console.canAsk else { return nil }
    return ask(question)
  }

  private func ask(_ question: Question) -> Answer? {
    guard let reply = console.ask("        Type yes or no: ") else { return nil }
    let isGranted = reply.trimmingCharacters(in: .whitespaces).lowercased() == "yes"
    let what =
      question.kind == .approval ? "A word for the journal" : "How do you know? (for the journal)"
    guard let words = console.ask("        \(isGranted ? what : "Why not?"): ") else { return nil }
    return Answer(isGranted: isGranted, words: words)
  }
}
