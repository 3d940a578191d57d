import Journal

/// What was checked before the first step.
struct PrechecksSection {
  let report: RunReport

  var html: HTML {
    guard !report.prechecks.isEmpty else { return tag("p") { "None was judged." } }
    return .group(report.prechecks.map(details))
  }

  private func details(of check: PrecheckReport) -> HTML {
    let isWell = check.verdict.verdict == "satisfied"
    return tag("details", ["class": "check"]) {
      tag("summary") {
        tag("span", ["class": "name"]) { check.name }
        tag("span", ["class": "chips"]) {
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
