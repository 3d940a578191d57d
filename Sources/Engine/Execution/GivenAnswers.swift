public import Runbook

/// Answers to gates that were given beforehand, on the command line.
public struct GivenAnswers: Sendable {
  private let words: [Question.Kind: [String: String]]
  private let shownConsents: [String: String]

  /// `words` are by step, for each kind of question. `shownConsents` are the questions that the run asked when it stopped,
  /// by step: nobody consents to what they haven't read.
  public init(
    _ words: [Question.Kind: [String: String]] = [:], shownConsents: [String: String] = [:]
  ) {
    self.words = words
    self.shownConsents = shownConsents
  }

  /// The words that answer this question; nil when there are none.
  public func words(for question: Question, step: String) -> String? {
    guard question.kind != .consent || shownConsents[step] == question.prompt else { return nil }
    return words[question.kind]?[step]
  }
}
