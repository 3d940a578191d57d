import Journal

/// What each second was spent on.
struct TimeSection {
  let report: RunReport

  var html: HTML {
    .group([
      bar(title: recoveryTitle ?? "The whole run", spent: spent, total: total),
      tag("h3") { "The critical path" }, criticalPath, tag("h3") { "Sittings" }, sittings,
    ])
  }

  /// The recovery where one was measured; it begins before the run did.
  private var recoveryTitle: String? {
    guard let recovery = report.recovery, recovery.ms != nil else { return nil }
    return "From the start that the recovery time is counted from, to verified control"
  }

  private var spent: [Spent] {
    recoveryTitle == nil ? report.time.spent : report.recovery?.spent ?? []
  }

  private var total: Int { spent.reduce(0) { $0 + $1.ms } }

  private func bar(title: String, spent: [Spent], total: Int) -> HTML {
    var left = 0.0
    let whole = Double(max(total, 1))
    let parts = spent.map { part -> HTML in
      let width = Double(part.ms) * 100 / whole
      defer { left += width }
      return tag(
        "rect",
        [
          "class": part.activity.rawValue, "x": Scale.percent(left), "y": "0",
          "width": Scale.percent(width), "height": "22",
        ])
    }
    let told = spent.map { "\(Said.activity($0.activity)) \(Said.took($0.ms))" }
    return .group([
      tag("p", ["class": "soft small"]) { "\(title): \(Said.took(total))." },
      tag(
        "svg",
        [
          "role": "img", "height": "22", "aria-label": told.joined(separator: ", "),
          "class": "stack",
        ]
      ) { parts },
      Said.table(
        ["Spent on", "Time", "Share"], numbers: [1, 2],
        rows: spent.map { part in
          [
            .group([TimelineSection.swatch(part.activity), .text(Said.activity(part.activity))]),
            .text(Said.took(part.ms)), .text(share(part.ms, of: total)),
          ]
        }),
    ])
  }

  /// In whole per cent; what is there at all is not nothing.
  private func share(_ ms: Int, of total: Int) -> String {
    let percent = (Double(ms) * 100 / Double(max(total, 1))).rounded()
    return percent < 1 ? "< 1 %" : "\(Int(percent)) %"
  }

  @HTMLBuilder private var criticalPath: HTML {
    if report.criticalPath.isEmpty {
      tag("p") { "No step has ended." }
    } else {
      tag("p", ["class": "soft small"]) {
        "The chain of steps that the end waited for. Only what shortens one of these shortens the run."
      }
      Said.table(
        ["Step", "Until its end"], numbers: [1],
        rows: report.criticalPath.map { [.text($0.step), .text(Said.took($0.ms))] })
    }
  }

  private var sittings: HTML {
    Said.table(
      ["Who", "From", "To", "How it stopped"], class: "facts",
      rows: report.sittings.map { sitting in
        [
          .text(sitting.person.spoken), Said.time(sitting.beganAt), Said.time(sitting.lastAt),
          .text(
            (sitting.ending.map { "\(Words.outcome($0)): \(sitting.message ?? "")" }
              ?? "no end is written")
              + (sitting.takenOverFrom.isEmpty
                ? ""
                : ". Taken over from a dead runner: \(sitting.takenOverFrom.joined(separator: ", "))")
          ),
        ]
      })
  }
}
