import Journal

/// Who was asked what, who answered, when, from where, and in which words.
struct PeopleSection {
  let report: RunReport

  var html: HTML {
    guard !report.gates.isEmpty else { return tag("p") { "Nobody was asked anything." } }
    return .group(
      report.gates.map { gate in
        .group([tag("h3") { gate.step }, Self.gate(gate)])
      })
  }

  @HTMLBuilder static func gate(_ gate: GateReport) -> HTML {
    tag("p") {
      tag("b") { name(gate.gate) }
      " "
      Said.chip(words(gate.state), tone(gate.state))
      if gate.required > 1 { ", by \(gate.required) different people" }
      ": \(gate.prompt)"
    }
    tag("ul") { for event in events(of: gate) { tag("li") { event } } }
  }

  /// In the order in which they were written.
  private static func events(of gate: GateReport) -> [HTML] {
    let asked = gate.asked.map { ($0.entry, self.asked($0)) }
    let answered = gate.answers.map { ($0.entry, self.answered($0, gate.gate)) }
    let voided = gate.voided.map { ($0.entry, self.voided($0)) }
    return (asked + answered + voided).sorted { $0.0 < $1.0 }.map(\.1)
  }

  @HTMLBuilder private static func asked(_ moment: GateReport.Moment) -> HTML {
    "asked "
    Said.time(moment.at)
    " "
    Said.entry(moment.entry)
  }

  @HTMLBuilder private static func voided(_ voided: GateReport.Voided) -> HTML {
    "what "
    Said.person(voided.person)
    " had said counts no more since "
    Said.time(voided.at)
    ": \(voided.reason) "
    Said.entry(voided.entry)
  }

  private static func name(_ gate: String) -> String {
    switch gate {
    case "attest": "Attestation"
    case "redo": "Doing again"
    default: gate.prefix(1).uppercased() + gate.dropFirst()
    }
  }

  @HTMLBuilder private static func answered(_ answer: GateReport.Answer, _ gate: String) -> HTML {
    answer.granted ? "\(Words.granted(gate)) by " : "refused by "
    Said.person(answer.person)
    ", "
    Said.time(answer.at)
    " "
    Said.entry(answer.entry)
    if !answer.isForThisPlan { Said.chip("for another plan: does not count", .bad) }
    tag("blockquote") { answer.words.isEmpty ? "(no words)" : answer.words }
    if !answer.facts.isEmpty {
      tag("p", ["class": "soft small"]) {
        "makes known: "
          + answer.facts.map {
            "\($0.subject) \($0.property) = \($0.value?.description ?? "not known")"
          }
          .joined(separator: "; ")
      }
    }
  }

  private static func words(_ state: GateReport.State) -> String {
    switch state {
    case .open: "not answered"
    case .granted: "granted"
    case .refused: "refused"
    case .voided: "counts no more"
    }
  }

  private static func tone(_ state: GateReport.State) -> Said.Tone {
    switch state {
    case .granted: .good
    case .refused: .bad
    case .open, .voided: .care
    }
  }
}

/// What was checked before the first step.
struct PrechecksSection {
  let report: RunReport

  var html: HTML {
    guard !report.prechecks.isEmpty else { return tag("p") { "None was judged." } }
    return .group(report.prechecks.map(details))
  }

  private func details(of check: PrecheckReport) -> HTML {
    let isWell = check.verdict.verdict == "satisfied"
    return tag("details") {
      tag("summary") {
        tag("span")
        tag("span", ["class": "name"]) { check.name }
        tag("span") {
          if !check.critical { Said.chip("not critical") }
          Said.chip(
            check.verdict.verdict,
            isWell ? .good : check.critical && check.accepted == nil ? .bad : .care)
        }
        tag("span", ["class": "what"]) {
          "\(check.id) · \(check.verdict.explanation)"
          if let reason = check.accepted { " · a person went on without it: “\(reason)”" }
        }
      }
      tag("div", ["class": "inside"]) {
        FactComparison(columns: [("Seen", check.observation)]).html
        tag("p", ["class": "soft small"]) {
          "Judged at "
          Said.clock(check.at)
          " UTC, "
          tag("code") { check.action }
          ", entry \(check.entry)"
        }
      }
    }
  }
}

/// Where the run stands in the journal, and how anybody checks that nothing of it was changed.
struct ProofSection {
  let report: RunReport

  @HTMLBuilder var html: HTML {
    tag("p") {
      "This page is a rendering and proves nothing by itself. The journal does: it is a Merkle log in which no entry of this run can be changed, removed or reordered without another root."
    }
    tag("dl", ["class": "pairs"]) {
      Said.pair("Entries of the run") { "\(report.proof.firstEntry) to \(report.proof.lastEntry)" }
      Said.pair("Journal's size then") { "\(report.proof.size)" }
      Said.pair("Merkle root then") { tag("code") { report.proof.root.description } }
      Said.pair("Plan") { tag("code") { report.run.planDigest } }
      Said.pair("Runbook") { tag("code") { report.run.runbookFile } }
      Said.pair("Inventory") { tag("code") { report.run.inventoryFile } }
      Said.pair("Made with") { "Lifeboat \(report.run.version)" }
    }
    tag("h3") { "Check it" }
    tag("pre") {
      "lifeboat audit verify\nlifeboat audit show \(report.run.id)\nlifeboat audit report \(report.run.id)"
    }
    tag("p", ["class": "soft small"]) {
      "The first recomputes every hash and the root; compare size and root with a copy that was kept where the journal's writer can't reach it. The others show the entries, and make this report anew."
    }
    tag("h3") { "Signed checkpoint" }
    if let checkpoint = report.proof.checkpoint {
      tag("pre") { checkpoint }
    } else {
      tag("p") { "None covers this run." }
    }
  }
}
