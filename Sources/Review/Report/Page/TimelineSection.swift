import Journal

/// The run as a picture: a row for each step, what it was busy with when, where people were asked, and which steps the end
/// waited for. Positions are shares of the width, so the picture fits every screen and its text stays readable.
struct TimelineSection {
  private static let rowHeight = 26

  let report: RunReport
  private let scale: Scale

  init(report: RunReport) {
    self.report = report
    scale = Scale(report.time)
  }

  var html: HTML {
    guard report.run.type == "execution" else {
      return tag("p") {
        "A rehearsal only looks: it judged \(report.steps.count { $0.state == .rehearsed }) of \(report.steps.count) steps in \(Said.took(report.time.totalMs))."
      }
    }
    return .group([
      tag("div", ["class": "chart"]) {
        label("since the start", soft: true)
        tag("div", ["class": "took"]) { "took" }
        axis
        label("the run", soft: true)
        tag("div", ["class": "took"]) { Said.took(report.time.totalMs) }
        runRow
        for step in report.steps { row(of: step) }
      },
      legend,
    ])
  }

  private func label(_ text: String, soft: Bool = false, isCritical: Bool = false) -> HTML {
    tag("div", ["class": "label" + (soft ? " soft" : "") + (isCritical ? " critical" : "")]) {
      text
    }
  }

  // MARK: - The axis and the run

  private var axis: HTML {
    let ticks = scale.ticks(total: report.time.totalMs)
    return picture("the time since the run's start", height: 18) {
      for ms in ticks {
        tag(
          "text",
          ["x": Scale.percent(scale.percent(at: ms)), "y": "13", "text-anchor": anchor(at: ms)]
        ) { Self.tick(ms) }
      }
      for gap in scale.breaks {
        tag(
          "text",
          [
            "x": Scale.percent((gap.fromPercent + gap.toPercent) / 2), "y": "13",
            "text-anchor": "middle",
          ]
        ) { "⋯" }
      }
    }
  }

  private func anchor(at ms: Int) -> String {
    let percent = scale.percent(at: ms)
    return percent < 2 ? "start" : percent > 96 ? "end" : "middle"
  }

  private static func tick(_ ms: Int) -> String {
    if ms == 0 { return "0" }
    if ms % 3_600_000 == 0 { return "\(ms / 3_600_000) h" }
    if ms % 60_000 == 0 { return "\(ms / 60_000) min" }
    return ms % 1000 == 0 ? "\(ms / 1000) s" : "\(Double(ms) / 1000) s"
  }

  private var runRow: HTML {
    let told = report.time.spent.map { "\(Said.activity($0.activity)) \(Said.took($0.ms))" }
    return picture("the whole run: \(told.joined(separator: ", "))") {
      rail
      for span in report.time.spans { bar(span, y: 8, height: 10) }
      for sitting in report.sittings.dropFirst() { line(at: sitting.beganMs, "turn") }
    }
  }

  // MARK: - Steps

  private func row(of step: StepReport) -> HTML {
    let took = step.spans.reduce(0) { $0 + $1.ms }
    return .group([
      label(step.id, isCritical: step.isCritical),
      tag("div", ["class": "took"]) { step.spans.isEmpty ? "–" : Said.took(took) },
      picture(told(step)) {
        rail
        if step.isCritical, let first = step.spans.first, let end = step.endedMs {
          outline(from: first.fromMs, to: max(end, first.fromMs))
        }
        for span in step.spans { bar(span, y: 6, height: 14) }
        for span in step.spans where (span.attempt ?? 1) > 1 {
          tag(
            "text",
            [
              "x": Scale.percent(scale.percent(at: span.fromMs)), "y": "2",
              "text-anchor": anchor(at: span.fromMs),
            ]
          ) {
            "try \(span.attempt ?? 1)"
          }
        }
        for gate in report.gates where gate.step == step.id || gate.step == step.partOf {
          for answer in gate.answers { diamond(at: answer.ms, answer.granted ? "good" : "bad") }
        }
        for end in step.ends where !end.isSatisfied || end.atMs == step.endedMs {
          mark(at: end.atMs, Said.tone(ofOutcome: end.outcome))
        }
      },
    ])
  }

  private func told(_ step: StepReport) -> String {
    let spans = step.spans.map {
      "\(Said.activity($0.activity))\($0.attempt.map { ", try \($0)," } ?? "") from \(Said.took($0.fromMs)) to \(Said.took($0.toMs))"
    }
    let path = step.isCritical ? "; on the critical path" : ""
    return
      "\(step.id): \(Words.outcome(Said.state(of: step)))\(path); \(spans.joined(separator: "; "))"
  }

  // MARK: - Shapes

  private func picture(
    _ description: String, height: Int = TimelineSection.rowHeight,
    @HTMLBuilder _ content: () -> HTML
  ) -> HTML {
    tag(
      "svg",
      ["class": "bar", "role": "img", "height": "\(height)", "aria-label": description]
    ) {
      for ms in scale.ticks(total: report.time.totalMs) where height == Self.rowHeight {
        line(at: ms, "grid")
      }
      content()
    }
  }

  private var rail: HTML {
    tag("line", ["class": "rail", "x1": "0", "x2": "100%", "y1": "13", "y2": "13"])
  }

  private func line(at ms: Int, _ name: String) -> HTML {
    let x = Scale.percent(scale.percent(at: ms))
    return tag("line", ["class": name, "x1": x, "x2": x, "y1": "0", "y2": "\(Self.rowHeight)"])
  }

  private func bar(_ span: Span, y: Int, height: Int) -> HTML {
    let from = scale.percent(at: span.fromMs)
    let width = max(0.35, scale.percent(at: span.toMs) - from)
    return tag(
      "rect",
      [
        "class": span.activity.rawValue, "x": Scale.percent(from), "y": "\(y)",
        "width": Scale.percent(width), "height": "\(height)", "rx": "1.5",
      ]
    ) {
      tag("title") { "\(Said.activity(span.activity)), \(Said.took(span.ms))" }
    }
  }

  private func outline(from start: Int, to end: Int) -> HTML {
    let from = scale.percent(at: start)
    return tag(
      "rect",
      [
        "class": "path", "x": Scale.percent(from), "y": "3", "height": "20",
        "width": Scale.percent(max(0.35, scale.percent(at: end) - from)),
      ])
  }

  private func mark(at ms: Int, _ tone: Said.Tone) -> HTML {
    tag(
      "circle",
      [
        "class": "mark \(tone.rawValue)", "cx": Scale.percent(scale.percent(at: ms)), "cy": "13",
        "r": "5",
      ])
  }

  /// A person's answer.
  private func diamond(at ms: Int, _ tone: String) -> HTML {
    tag("svg", ["x": Scale.percent(scale.percent(at: ms)), "y": "13", "width": "1", "height": "1"])
    {
      tag("path", ["class": "mark \(tone)", "d": "M0 -6.5 6 0 0 6.5 -6 0Z"])
    }
  }

  static func swatch(_ activity: Activity) -> HTML {
    tag("span", ["class": "legend-swatch"]) {
      tag("svg", ["width": "16", "height": "12", "class": "swatch", "aria-hidden": "true"]) {
        tag("rect", ["class": activity.rawValue, "width": "12", "height": "12", "rx": "2"])
      }
    }
  }

  private var legend: HTML {
    let activities = Set(report.time.spans.map(\.activity))
      .union(report.steps.flatMap { $0.spans.map(\.activity) })
    return tag("ul", ["class": "legend"]) {
      for activity in Activity.allCases where activities.contains(activity) {
        tag("li") {
          Self.swatch(activity)
          Said.activity(activity)
        }
      }
      tag("li") { "outlined and bold: on the critical path" }
      tag("li") { "● end of a step" }
      tag("li") { "◆ a person's answer" }
      if report.sittings.count > 1 { tag("li") { "┆ resumed" } }
      if !scale.breaks.isEmpty {
        tag("li") {
          "⋯ drawn shorter than it was: \(scale.breaks.map { Said.took($0.span.ms) }.joined(separator: ", "))"
        }
      }
    }
  }
}
