import Journal

extension RunComparison {
  public var lines: [Line] {
    heading + [Line("")] + stepLines + differenceLines + predictionLines
  }

  private var heading: [Line] {
    [("A", a), ("B", b)].map { name, side in
      Line(
        "\(name)  \(side.run)  \(side.type) of \(side.runbook), \(side.startedAt.clockText), by \(side.person): "
          + "\(Words.outcome(side.outcome)) after \(Duration.seconds(side.seconds).spoken)",
        .heading)
    }
      + (a.planDigest == b.planDigest
        ? [Line("both by the same plan", .faint)]
        : [Line("the plans differ: other steps, targets or values", .attention)])
  }

  private var stepLines: [Line] {
    let rows = steps.map { step in
      [
        step.isAlike ? "=" : "≠", step.id, step.outcome.a.map(Words.outcome) ?? "-",
        step.outcome.b.map(Words.outcome) ?? "-", Self.spoken(step.secondsA),
        Self.spoken(step.secondsB), Self.change(from: step.secondsA, to: step.secondsB),
      ]
    }
    return TextTable(
      ["", "STEP", "A", "B", "TOOK A", "TOOK B", "B - A"], rows,
      tones: steps.map { $0.isAlike ? .plain : .attention }
    ).lines
  }

  private static func spoken(_ seconds: Double?) -> String {
    seconds.map { Duration.seconds($0).spoken } ?? "-"
  }

  private static func change(from a: Double?, to b: Double?) -> String {
    guard let a, let b else { return "-" }
    let change = Duration.seconds(abs(b - a)).spoken
    return change == Duration.zero.spoken ? "=" : (b < a ? "-" : "+") + change
  }

  private var differenceLines: [Line] {
    let lines = steps.flatMap(Self.differences)
    let areOfAKind = a.type == b.type
    return lines.isEmpty
      ? []
      : [
        Line(""),
        Line("What differs, A | B; facts as seen \(areOfAKind ? "last" : "before acting")", .faint),
      ]
        + lines
  }

  private static func differences(in step: Step) -> [Line] {
    var lines = step.guards.sorted { $0.key < $1.key }.map { id, pair in
      Line("  guard \(id): \(pair.a ?? "-") | \(pair.b ?? "-")", .attention)
    }
    if let answers = step.answers {
      lines.append(Line("  answers: \(answers.a ?? "none") | \(answers.b ?? "none")"))
    }
    lines += step.facts.map { fact in
      Line("  \(fact.subject) \(fact.property): \(text(fact.a)) | \(text(fact.b))", .faint)
    }
    return lines.isEmpty ? [] : [Line(""), Line(step.id, .heading)] + lines
  }

  private var predictionLines: [Line] {
    guard !predictions.isEmpty else { return [] }
    let otherwise = predictions.filter { $0.result == .cameOtherwise }
    let open = count(.notObserved)
    return [
      Line(""), Line("Predicted and observed", .heading),
      Line(
        "\(count(.cameTrue)) of \(predictions.count) predictions came true, \(otherwise.count) came otherwise, "
          + "\(open) \(open == 1 ? "was" : "were") not observed",
        otherwise.isEmpty ? .good : .attention),
    ]
      + otherwise.map { check in
        let fact = [check.step, check.subject, check.property].compactMap(\.self)
        return Line(
          "  ! \(fact.joined(separator: " ")): predicted \(Self.text(check.predicted)), "
            + "observed \(Self.text(check.observed))", .attention)
      }
  }

  private static func text(_ value: JSON?) -> String {
    value.map { ($0.stringValue ?? $0.description).cut(to: 120) } ?? "-"
  }
}
