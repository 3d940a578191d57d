import Engine
import Foundation
import Runbook

/// Answers to gates: given on the command line, else asked on the terminal, else nobody is there.
struct Answers: GateAnswers {
  let console: Console
  let mayAsk: Bool
  /// What was given on the command line.
  let given: GivenAnswers
  /// Steps that run side by side ask one after the other: a yes must not land on another step's question.
  private let turn = OneAtATime()

  init(console: Console, mayAsk: Bool, given: GivenAnswers) {
    self.console = console
    self.mayAsk = mayAsk
    self.given = given
  }

  /// The words as the journal keeps them: what is signed must be what is kept.
  func answer(_ question: Question, step: String) async throws -> Answer? {
    let answer = try await spoken(question, step: step)
    return answer.map {
      Answer(isGranted: $0.isGranted, words: console.redactor.redacted($0.words))
    }
  }

  private func spoken(_ question: Question, step: String) async throws -> Answer? {
    if let words = given.words(for: question, step: step) {
      return Answer(isGranted: true, words: words)
    }
    guard mayAsk, console.canAsk else { return nil }
    await turn.take()
    let answer = await ask(question, step: step)
    await turn.give()
    try Task.checkCancellation()
    return answer
  }

  private func ask(_ question: Question, step: String) async -> Answer? {
    guard let isGranted = await askYesOrNo("        \(step): \(question.prompt)") else {
      return nil
    }
    let what =
      switch question.kind {
      case .approval, .consent: "A word for the journal"
      case .attest, .redo: "How do you know? (for the journal)"
      }
    guard let words = await askWords("        \(isGranted ? what : "Why not?"): ") else {
      return nil
    }
    return Answer(isGranted: isGranted, words: words)
  }

  private func askYesOrNo(_ prompt: String) async -> Bool? {
    console.write(prompt)
    while let reply = await console.ask("        Type yes or no: ") {
      switch reply.trimmingCharacters(in: .whitespaces).lowercased() {
      case "yes", "y": return true
      case "no", "n": return false
      default: continue
      }
    }
    return nil
  }

  /// Evidence without words is none: asked until there are some.
  private func askWords(_ prompt: String) async -> String? {
    while let words = await console.ask(prompt) {
      let trimmed = words.trimmingCharacters(in: .whitespaces)
      if !trimmed.isEmpty { return trimmed }
    }
    return nil
  }
}

/// Lets tasks through one at a time, in the order in which they came.
private actor OneAtATime {
  private var isTaken = false
  private var waiting: [CheckedContinuation<Void, Never>] = []

  func take() async {
    guard isTaken else {
      isTaken = true
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func give() {
    if waiting.isEmpty {
      isTaken = false
    } else {
      waiting.removeFirst().resume()
    }
  }
}
