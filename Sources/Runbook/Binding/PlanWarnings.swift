/// What is allowed, and probably not what was meant.
struct PlanWarnings {
  static let truncation = "failover_table.truncate"
  static let truncationCheck = "failover_table.no_foreign_guid"

  let document: RunbookDocument
  let diagnostics: DiagnosticCollector

  func report(usedParameters: Set<String>) {
    reportUncheckedTruncations()
    // What a faulty reference would have used isn't known.
    guard !diagnostics.hasErrors else { return }
    for parameter in document.parameters where !usedParameters.contains(parameter.name) {
      diagnostics.warning(
        .unusedParameter, at: parameter.position,
        "the parameter '\(parameter.name)' is used nowhere", hint: "remove it")
    }
  }

  /// A scheduler that finds a foreign GUID stays passive without a word: an hour lost at 3 am.
  private func reportUncheckedTruncations() {
    for (index, step) in document.steps.enumerated() {
      guard step.action?.text == Self.truncation else { continue }
      let isChecked = document.steps[(index + 1)...].contains {
        $0.action?.text == Self.truncationCheck
          && $0.target?.scalar?.text == step.target?.scalar?.text
      }
      if !isChecked {
        diagnostics.warning(
          .uncheckedTruncation, at: step.action?.position,
          "no later step checks that no foreign GUID is left in this table",
          hint: "add a step with the action \(Self.truncationCheck) and the same target")
      }
    }
  }
}
