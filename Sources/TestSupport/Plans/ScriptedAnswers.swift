public import Engine
public import Runbook
import Synchronization

/// Answers to gates, by step, one after the other; nobody is there when they are used up.
public final class ScriptedAnswers: GateAnswers {
  private let answers: Mutex<[String: [Answer]]>
  private let questions = Mutex<[(step: String, question: Question)]>([])
  private let onQuestion: @Sendable (String) async -> Void

  /// `onQuestion` is called with the step before each answer: the world may change while people think.
  public init(
    _ answers: [String: [Answer]] = [:],
    onQuestion: @escaping @Sendable (String) async -> Void = { _ in }
  ) {
    self.answers = Mutex(answers)
    self.onQuestion = onQuestion
  }

  public func answer(_ question: Question, step: String) async throws -> Answer? {
    questions.withLock { $0.append((step, question)) }
    await onQuestion(step)
    return answers.withLock { answers in
      guard let next = answers[step]?.first else { return nil }
      answers[step]?.removeFirst()
      return next
    }
  }

  /// What was asked so far.
  public var asked: [(step: String, question: Question)] { questions.withLock { $0 } }
}

extension Answer {
  public static let yes = Answer(isGranted: true, words: "seen with my own eyes")
  public static let no = Answer(isGranted: false, words: "not now")
}
