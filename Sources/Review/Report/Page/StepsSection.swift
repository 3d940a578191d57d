import Journal

/// Every step, with everything that is known of it. What did not go well is open; the rest opens at a click, and on paper.
struct StepsSection {
  let report: RunReport

  var html: HTML { .group(report.steps.map(details)) }

  private func details(of step: StepReport) -> HTML {
    let state = Said.state(of: step)
    let isWell =
      step.state == .rehearsed || step.state == .ended
      ? ["ok", "changed", "skipped", "already", "would_change", "would_skip"].contains(state)
      : step.state == .notBegun
    let attributes = [("id", "step-\(step.place)")] + (isWell ? [] : [("open", "")])
    return .element(
      "details", attributes,
      [
        tag("summary") {
          tag("span", ["class": "soft"]) { "\(step.place)" }
          tag("span", ["class": "name"]) { step.name }
          tag("span") {
            if step.tolerated { Said.chip("tolerated", .care) }
            Said.chip(Words.outcome(state), Said.tone(ofOutcome: state))
          }
          tag("span", ["class": "what"]) { what(step) }
        },
        tag("div", ["class": "inside"]) { inside(step) },
      ])
  }

  private func what(_ step: StepReport) -> String {
    let took = step.spans.reduce(0) { $0 + $1.ms }
    let time = step.spans.isEmpty ? "" : " · \(Said.took(took))"
    return "\(step.id) · \(step.message ?? "nothing is written of it")\(time)"
  }

  @HTMLBuilder private func inside(_ step: StepReport) -> HTML {
    tag("dl", ["class": "pairs"]) {
      Said.pair("Action") { tag("code") { step.action } }
      Said.pair("Target") { step.target ?? "–" }
      if let partOf = step.partOf { Said.pair("Part of") { partOf } }
      Said.pair("After") { step.depends.isEmpty ? "nothing" : step.depends.joined(separator: ", ") }
      Said.pair("Critical path") { step.isCritical ? "yes" : "no" }
    }
    if step.state == .mayHaveActed {
      tag("p") {
        tag("b") {
          "Its intent is written and its end is not: nobody knows how far it came until it is looked at."
        }
      }
    }
    if let failure = step.failure {
      tag("h4") { "Failure" }
      tag("p") {
        "\(failure.message) "
        tag("code") { failure.code }
      }
      if let advice = failure.advice { tag("p") { "Next: \(advice)" } }
    }
    gates(of: step)
    for attempt in step.attempts {
      AttemptView(attempt: attempt, isLast: attempt == step.attempts.last).html
    }
    if let rehearsed = step.rehearsed { self.rehearsed(rehearsed) }
    FactComparison(of: step).html
    ends(of: step)
  }

  @HTMLBuilder private func gates(of step: StepReport) -> HTML {
    let gates = report.gates.filter { $0.step == step.id || $0.step == step.partOf }
    if !gates.isEmpty {
      tag("h4") { "Asked of people" }
      for gate in gates { PeopleSection.gate(gate) }
    }
  }

  @HTMLBuilder private func rehearsed(_ rehearsed: StepReport.Rehearsed) -> HTML {
    let basis =
      switch rehearsed.basis {
      case "probed": "as seen"
      case "predicted": "as earlier steps would leave it"
      default: "an earlier step can't say what it would bring about"
      }
    tag("p") {
      "Judged \(basis)"
      if let behind = rehearsed.behind { ", and only if \(behind) gets through" }
      ". "
      Said.entry(rehearsed.entry)
    }
    AttemptView.guards(rehearsed.guards)
    if let operations = rehearsed.operations, !operations.isEmpty { self.operations(operations) }
  }

  /// Folded: they are many, and for whoever wants to see each.
  private func operations(_ operations: [OperationRecord]) -> HTML {
    let isConditional = operations.contains { $0.condition != nil }
    return tag("details") {
      tag("summary") { "Exactly what would be done, in order (\(operations.count))" }
      Said.table(
        ["Where", "What"] + (isConditional ? ["Only if"] : []), class: "facts",
        rows: operations.map { operation in
          let what: HTML =
            operation.kind == .untold
            ? .text("Can't say what exactly: \(operation.what)")
            : tag("code") { operation.what }
          return [tag("span", ["class": "nowrap"]) { operation.place }, what]
            + (isConditional ? [.text(operation.condition ?? "")] : [])
        })
    }
  }

  @HTMLBuilder private func ends(of step: StepReport) -> HTML {
    let misses = step.ends.flatMap(\.misses)
    if !misses.isEmpty {
      tag("h4") { "Predicted otherwise than seen" }
      Said.table(
        ["Of", "What", "Predicted", "Seen"], class: "facts",
        rows: misses.map {
          [
            .text($0.subject), .text($0.property), Said.value($0.predicted),
            Said.value($0.observed),
          ]
        })
    }
    if !step.ends.isEmpty {
      tag("h4") { step.ends.count == 1 ? "How it ended" : "How it ended, sitting by sitting" }
      Said.table(
        ["At (UTC)", "Outcome", "What was said", "Entry"], class: "facts",
        rows: step.ends.map {
          [Said.clock($0.at), Said.outcome($0.outcome), .text($0.message), .text("\($0.entry)")]
        })
    }
    for end in step.ends.dropLast() where !end.after.isEmpty {
      tag("details") {
        tag("summary") { "What was seen at the end in entry \(end.entry)" }
        FactComparison(columns: [("Seen", end.after)]).html
      }
    }
  }
}

/// One try: why, by which guards, and what acting said of itself.
struct AttemptView {
  let attempt: StepReport.Attempt
  let isLast: Bool

  @HTMLBuilder var html: HTML {
    tag("h4") { "Try \(attempt.attempt)" }
    tag("p") {
      "Intent at "
      Said.clock(attempt.at)
      ": \(attempt.verdict.explanation) "
      Said.entry(attempt.entry)
    }
    Self.guards(attempt.guards)
    acted
    if !isLast {
      tag("details") {
        tag("summary") { "What was seen before try \(attempt.attempt)" }
        FactComparison(columns: [("Before", attempt.before)]).html
      }
    }
  }

  static func guards(_ guards: [GuardRecord]) -> HTML {
    guard !guards.isEmpty else { return .nothing }
    return Said.table(
      ["Guard", "Demands", "Found"], class: "facts",
      rows: guards.map { record in
        [
          tag("code") { record.id }, .text(record.demand),
          .group([
            Said.outcome(record.finding),
            .text(record.explanation.map { " \($0)" } ?? ""),
            .text(record.overridden.map { " Overridden: \($0)" } ?? ""),
          ]),
        ]
      })
  }

  @HTMLBuilder private var acted: HTML {
    if let acted = attempt.acted {
      tag("p") {
        "Acting returned at "
        Said.clock(acted.at)
        " "
        Said.entry(acted.entry)
        if let failure = acted.failure {
          ": "
          Said.chip("failed", .bad)
          " \(failure.message) "
          tag("code") { failure.code }
        }
      }
      if let evidence = acted.evidence?.objectValue, !evidence.isEmpty {
        Said.table(
          ["Evidence", "Value"], class: "facts",
          rows: evidence.sorted { $0.key < $1.key }.map { [.text($0.key), Said.value($0.value)] })
      }
    } else {
      tag("p", ["class": "gap"]) { "Nothing says that acting returned." }
    }
  }
}
