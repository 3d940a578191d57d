import Journal

/// Who was asked what, who answered, when, from where, and in which words.
struct PeopleSection {
  let report: RunReport

  var html: HTML {
    guard !report.gates.isEmpty else { return tag("p") { "Nobody was asked anything." } }
    return .group(
      report.gates.map { gate in
        .group([tag("h3") { gate.step }, Self.gate(gate)])
      } + [
        tag("p", ["class": "notes"]) {
          "Uid and login are the kernel's word; what sudo says and the address come from the environment and are claims. Signatures are told as they were found when they were given; "
          tag("code") { "lifeboat audit people \(report.run.id)" }
          " verifies them anew."
        }
      ])
  }

  @HTMLBuilder static func gate(_ gate: GateReport) -> HTML {
    tag("p") {
      tag("b") { name(gate.gate) }
      " "
      Said.chip(words(gate.state), tone(gate.state))
      if let demand = demand(of: gate) { ", \(demand)" }
      ": \(gate.prompt)"
    }
    tag("ul", ["class": "events"]) { for event in events(of: gate) { tag("li") { event } } }
  }

  /// What it takes to be granted, where that is more than anybody's word.
  private static func demand(of gate: GateReport) -> String? {
    guard gate.required > 1 else { return gate.signed ? "by a signed answer" : nil }
    let missing = gate.people < gate.required ? " (so far: \(gate.people))" : ""
    let answers = gate.signed ? "signed answers of " : ""
    return "by \(answers)\(gate.required) different people\(missing)"
  }

  /// In the order in which they were written.
  private static func events(of gate: GateReport) -> [HTML] {
    let asked = gate.asked.map { ($0.entry, self.asked($0)) }
    let answered = gate.answers.map { ($0.entry, self.answered($0, gate)) }
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

  @HTMLBuilder private static func answered(
    _ answer: GateReport.Answer, _ gate: GateReport
  ) -> HTML {
    answer.granted ? "\(Words.granted(gate.gate)) by " : "refused by "
    Said.person(answer.person)
    ", "
    Said.time(answer.at)
    " "
    Said.entry(answer.entry)
    if !answer.isForThisPlan { Said.chip("for another plan: does not count", .bad) }
    if gate.signed && answer.granted && answer.signature?.principal == nil {
      Said.chip("not signed by a known key: does not count", .bad)
    }
    tag("p", ["class": "soft small"]) { who(answer) }
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

  private static func who(_ answer: GateReport.Answer) -> String {
    let signed =
      answer.signature.map {
        $0.principal.map { "signed with the key of \($0)" } ?? "signed with a key that is not known"
      } ?? "not signed"
    return (answer.person.evidence + [signed]).joined(separator: ", ")
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
