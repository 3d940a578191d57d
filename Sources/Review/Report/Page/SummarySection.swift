import Journal

/// What a manager reads in a minute.
struct SummarySection {
  let report: RunReport

  var html: HTML {
    .group([
      tag("header") {
        tag("p", ["class": "eyebrow"]) {
          "Lifeboat · report of \(isRehearsal ? "a rehearsal" : "an execution")"
        }
        tag("h1") { report.run.runbook }
        tag("p") {
          tag("span", ["class": "chip verdict \(tone.rawValue)"]) { verdict }
        }
        tag("p", ["class": "lead"]) { report.run.description }
        tag("p", ["class": "soft small"]) {
          "Run "
          tag("code") { report.run.id }
          " · \(report.run.runType) · sites \(report.run.sites.joined(separator: ", "))"
          for name in report.run.parameters.keys.sorted() {
            " · \(name)=\(report.run.parameters[name]?.stringValue ?? report.run.parameters[name]?.description ?? "")"
          }
        }
      },
      figures,
      tag("section", ["class": "card told", "id": "summary", "aria-labelledby": "summary-title"]) {
        tag("h2", ["id": "summary-title"]) { "Summary" }
        tag("p") { told }
        if let advice = report.conclusion.advice {
          tag("p") {
            tag("b") { "Next: " }
            advice
          }
        }
      },
      navigation,
    ])
  }

  private var isRehearsal: Bool { report.run.type == "rehearsal" }

  var verdict: String {
    switch report.conclusion.state {
    case .running: return "Still running"
    case .noEndWritten: return "Killed: no end written"
    case .ended: break
    }
    switch report.conclusion.ending {
    case "done": return isRehearsal ? "Could be done" : "Done"
    case "failed": return "Failed"
    case "refused": return "Refused"
    case "in_doubt": return "In doubt"
    case "waiting": return "Waiting for people"
    case "interrupted": return "Stopped"
    case "blocked": return "Blocked"
    default: return "Cannot tell"
    }
  }

  private var tone: Said.Tone {
    switch report.conclusion.state {
    case .running: .care
    case .noEndWritten: .bad
    case .ended: Said.tone(ofOutcome: report.conclusion.ending ?? "unknown")
    }
  }

  private var told: HTML {
    let verb = isRehearsal ? "rehearsed" : "executed"
    let resumed = report.sittings.count - 1
    let counts = report.conclusion.outcomes.sorted { $0.key < $1.key }
      .map { "\($0.value) \(Words.outcome($0.key))" }.joined(separator: ", ")
    return .group([
      Said.person(report.run.person), .text(" \(verb) the runbook on "),
      Said.time(report.run.startedAt),
      .text(". "),
      .text(
        report.run.savedPlan.map {
          "It went by the plan that rehearsal \($0.rehearsal) saved (\($0.digest)). "
        } ?? ""),
      .text(
        report.run.proof?.verdict == .holds
          ? "The proof of its plan held, over \(report.run.proof?.states ?? 0) states. " : ""),
      .text(
        resumed == 0
          ? ""
          : "It stopped and was resumed \(resumed == 1 ? "once" : "\(resumed) times"), by \(resumers). "
      ),
      .text(
        report.conclusion.state == .ended
          ? "It ended after \(Said.took(report.time.totalMs)): "
          : "Its last entry is \(Said.took(report.time.totalMs)) after its start: "),
      .text(report.conclusion.message), .text(". "),
      .text(counts.isEmpty ? "No step was done. " : "Of \(report.steps.count) steps: \(counts). "),
      .text(fidelity), control,
    ])
  }

  private var control: HTML {
    guard let recovery = report.recovery, let to = recovery.to, let step = recovery.step else {
      return .nothing
    }
    return .group(["Control was verified at ", Said.time(to), .text(" by step \(step).")])
  }

  private var resumers: String {
    var names: [String] = []
    for sitting in report.sittings.dropFirst() where !names.contains(sitting.person.spoken) {
      names.append(sitting.person.spoken)
    }
    return names.joined(separator: " and ")
  }

  private var fidelity: String {
    report.conclusion.fidelityPercent.map {
      "\($0)% of the steps were judged by what was seen, the rest by what earlier steps would bring about."
    } ?? ""
  }

  // MARK: - Figures

  private var figures: HTML {
    tag("dl", ["class": "figures"]) {
      if let recovery = report.recovery {
        let (chip, tone) = ObjectivesSection.words(recovery.verdict)
        figure(
          "Recovery time", recovery.ms.map(Said.took) ?? "not measured", chip: chip, tone,
          recovery.objective.map { "objective \($0)" } ?? "no objective")
      }
      for loss in report.dataLoss {
        let (chip, tone) = ObjectivesSection.words(loss.verdict)
        figure(
          "Data loss", ObjectivesSection.amount(loss), chip: chip, tone,
          loss.objective.map { "objective \($0)" } ?? "no objective")
      }
      figure(
        isRehearsal ? "Rehearsed in" : "Run time", Said.took(report.time.totalMs), chip: nil,
        .plain,
        report.sittings.count == 1 ? "in one go" : "in \(report.sittings.count) sittings")
      figure(
        "Needs attention", "\(report.attention.count { $0.level != .note })",
        chip: nil, .plain, "and \(report.attention.count { $0.level == .note }) worth knowing")
    }
  }

  private func figure(
    _ title: String, _ value: String, chip: String?, _ tone: Said.Tone, _ note: String
  ) -> HTML {
    tag("div", ["class": "card"]) {
      tag("dt") {
        title
      }
      tag("dd") {
        tag("div", ["class": "figure"]) { value }
        tag("div", ["class": "soft small"]) { note }
        if let chip { tag("div") { Said.chip(chip, tone) } }
      }
    }
  }

  private var navigation: HTML {
    let places = [
      ("attention", "Attention"), ("timeline", "Timeline"), ("time", "Time"),
      ("objectives", "Objectives"), ("steps", "Steps"), ("people", "People"),
      ("prechecks", "Prechecks"), ("proof", "Proof"),
    ]
    return tag("nav", ["aria-label": "Sections"]) {
      tag("ul") {
        for (id, title) in places { tag("li") { tag("a", ["href": "#\(id)"]) { title } } }
      }
    }
  }
}
