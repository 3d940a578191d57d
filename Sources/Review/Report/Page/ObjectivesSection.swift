import Journal

/// Recovery time and data loss against the runbook's objectives.
struct ObjectivesSection {
  let report: RunReport

  var html: HTML {
    .group([
      tag("h3") { report.run.runType == "drill" ? "Recovery time of a drill" : "Recovery time" },
      recovery, tag("h3") { "Data loss" }, losses,
    ])
  }

  static func words(_ verdict: RecoveryTime.Verdict) -> (String, Said.Tone) {
    switch verdict {
    case .met: ("objective met", .good)
    case .missed: ("objective missed", .bad)
    case .notReached: ("not recovered", .bad)
    case .noObjective: ("no objective", .plain)
    case .notMeasured: ("nothing changed", .plain)
    }
  }

  static func words(_ verdict: DataLoss.Verdict) -> (String, Said.Tone) {
    switch verdict {
    case .none: ("nothing lost", .good)
    case .met: ("objective met", .good)
    case .mayExceed: ("may exceed it", .care)
    case .notKnown: ("not known", .bad)
    case .noObjective: ("no objective", .plain)
    case .noPromotion: ("no promotion", .plain)
    }
  }

  static func amount(_ loss: DataLoss) -> String {
    switch loss.verdict {
    case .none: "none"
    case .noPromotion: "–"
    case .notKnown: "not known"
    default: loss.atMostMs.map { "at most \(Said.took($0))" } ?? "not known"
    }
  }

  @HTMLBuilder private var recovery: HTML {
    if let recovery = report.recovery {
      let (chip, tone) = Self.words(recovery.verdict)
      tag("dl", ["class": "pairs"]) {
        Said.pair("Measured") {
          recovery.ms.map(Said.took) ?? "not measured"
          " "
          Said.chip(chip, tone)
        }
        Said.pair("Objective") { recovery.objective ?? "none in the runbook" }
        Said.pair("From") {
          Said.time(recovery.from)
          switch recovery.source {
          case .declared: " (declared by a person)"
          case .heartbeat: " (last heartbeat seen)"
          case .runStarted: " (the run's start)"
          }
        }
        Said.pair("To") {
          if let to = recovery.to {
            Said.time(to)
            " "
            if let entry = recovery.entry { Said.entry(entry) }
          } else {
            "control is not verified"
          }
        }
        Said.pair("How") { recovery.explanation }
      }
    } else {
      tag("p") { "Not measured: this is a rehearsal, or a runbook that isn't about recovery." }
    }
  }

  @HTMLBuilder private var losses: HTML {
    if report.dataLoss.isEmpty {
      tag("p") { "Not measured: no step of this run reverses a replication." }
    }
    for loss in report.dataLoss { pairs(of: loss) }
  }

  private func pairs(of loss: DataLoss) -> HTML {
    let (chip, tone) = Self.words(loss.verdict)
    return tag("dl", ["class": "pairs"]) {
      Said.pair("Step") {
        loss.step
        if let mode = loss.mode { ", \(mode)" }
        if let target = loss.target { ", \(target)" }
      }
      Said.pair("Measured") {
        Self.amount(loss)
        " "
        Said.chip(chip, tone)
      }
      Said.pair("Objective") { loss.objective ?? "none in the runbook" }
      Said.pair("How") { loss.explanation }
      if let ms = loss.toDisasterMs {
        Said.pair("To the declared start") {
          "From that boundary to the declared start of the disaster: \(Said.took(ms)). It holds only if nothing was committed after that."
        }
      }
      if !loss.terms.isEmpty {
        Said.pair("In the database's terms") {
          for term in loss.terms {
            tag("div") {
              "\(term.name) = "
              Said.value(term.value)
              " "
              tag("span", ["class": "soft small"]) { "\(term.source), entry \(term.entry)" }
            }
          }
        }
      }
      if !loss.consents.isEmpty {
        Said.pair("Accepted by") {
          for consent in loss.consents {
            tag("div") {
              Said.person(consent.person)
              ", "
              Said.time(consent.at)
              ", when asked: \(consent.prompt)"
              tag("blockquote") { consent.words }
            }
          }
        }
      }
    }
  }
}
