import Runbook

extension Action {
  /// What people must consent to before acting on this sight; nil when nothing. It makes no facts known, whatever the
  /// action says, and is a gate of its own: an approval of the step doesn't answer it.
  func consentQuestion(for sight: Sight) -> Question? {
    guard let question = (self as? any ActingAction)?.consent(for: sight.observation) else {
      return nil
    }
    return Question(
      .consent, prompt: question.prompt, required: question.required, isSigned: question.isSigned)
  }
}
