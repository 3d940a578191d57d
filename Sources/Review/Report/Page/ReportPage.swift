import Journal

extension RunReport {
  /// The report as one HTML file that needs nothing beside it.
  public var html: String {
    "<!DOCTYPE html>\n" + ReportPage(report: self).document.rendered + "\n"
  }
}

/// The report as a page. Every section is there in every report; one that has nothing to say says so.
struct ReportPage {
  let report: RunReport

  var document: HTML {
    tag("html", ["lang": "en"]) {
      tag("head") {
        tag("meta", ["charset": "utf-8"])
        // No scripts and nothing from elsewhere, whatever a journal holds.
        tag(
          "meta",
          [
            "http-equiv": "Content-Security-Policy",
            "content":
              "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
          ])
        tag("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        tag("meta", ["name": "color-scheme", "content": "light dark"])
        tag("title") {
          "\(report.run.runbook) – \(SummarySection(report: report).verdict) – \(report.run.id)"
        }
        HTML.style(Stylesheet.text)
      }
      tag("body") {
        tag("div", ["class": "page"]) {
          SummarySection(report: report).html
          tag("main") {
            section("attention", "What needs attention", attention)
            section("timeline", "Timeline", TimelineSection(report: report).html)
            section("time", "Where the time went", TimeSection(report: report).html)
            section("objectives", "Recovery objectives", ObjectivesSection(report: report).html)
            section("steps", "Steps", StepsSection(report: report).html)
            section("people", "People", PeopleSection(report: report).html)
            section("prechecks", "Prechecks", PrechecksSection(report: report).html)
            section("proof", "Proof", ProofSection(report: report).html)
          }
          tag("footer") {
            "Made by Lifeboat from entries \(report.proof.firstEntry) to \(report.proof.lastEntry) of the journal and its checkpoints, and nothing else: the same entries give the same report."
          }
        }
      }
    }
  }

  private func section(_ id: String, _ title: String, _ content: HTML) -> HTML {
    tag("section", ["id": id, "class": "card", "aria-labelledby": "\(id)-title"]) {
      tag("h2", ["id": "\(id)-title"]) { title }
      content
    }
  }

  private var attention: HTML {
    guard !report.attention.isEmpty else { return tag("p") { "Nothing." } }
    let levels: [(Attention.Level, String)] = [
      (.bad, "Not as it should be"),
      (.caution, "On a person's word, overridden, or not known"), (.note, "Worth knowing"),
    ]
    return .group(
      levels.map { level, title in
        let items = report.attention.filter { $0.level == level }
        return items.isEmpty ? .nothing : .group([tag("h3") { title }, list(items)])
      })
  }

  private func list(_ items: [Attention]) -> HTML {
    tag("ul", ["class": "items"]) {
      for item in items {
        tag("li", ["class": item.level.rawValue]) {
          if let step = item.step {
            tag("b") { step }
            ": "
          }
          item.text
          if let entry = item.entry {
            " "
            Said.entry(entry)
          }
        }
      }
    }
  }
}
