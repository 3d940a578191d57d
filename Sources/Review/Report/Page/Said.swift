import Journal

/// How a report says things to a person.
enum Said {
  static func time(_ moment: Timestamp) -> HTML {
    let text = moment.description
    return .element(
      "time", [("datetime", text), ("class", "nowrap")],
      [.text("\(text.prefix(10)) \(text.dropFirst(11).prefix(8)) UTC")])
  }

  /// The time of day, with milliseconds.
  static func clock(_ moment: Timestamp) -> HTML {
    let text = moment.description
    return .element(
      "time", [("datetime", text), ("class", "nowrap")], [.text("\(text.dropFirst(11).prefix(12))")]
    )
  }

  /// `27 ms`, and from a second on as everywhere; it stays on one line.
  static func took(_ ms: Int) -> String {
    let text = ms < 1000 ? "\(ms) ms" : Duration.milliseconds(ms).spoken
    return text.replacing(" ", with: "\u{A0}")
  }

  static func entry(_ index: Int) -> HTML {
    tag("span", ["class": "soft small nowrap"]) { "entry \(index)" }
  }

  static func chip(_ text: String, _ tone: Tone = .plain) -> HTML {
    tag("span", ["class": tone == .plain ? "chip" : "chip \(tone.rawValue)"]) { text }
  }

  enum Tone: String { case plain, good, bad, care }

  static func tone(ofOutcome outcome: String) -> Tone {
    switch outcome {
    case "ok", "changed", "already", "would_change", "satisfied", "done", "granted", "holds": .good
    case "failed", "blocked", "refused", "violated", "no_end_written": .bad
    case "skipped", "would_skip", "not_begun": .plain
    default: .care
    }
  }

  static func outcome(_ outcome: String) -> HTML {
    chip(Words.outcome(outcome), tone(ofOutcome: outcome))
  }

  static func activity(_ activity: Activity) -> String {
    switch activity {
    case .acting: "acting"
    case .probing: "probing, and waiting until it is so"
    case .people: "waiting for people"
    case .between: "between steps"
    case .stopped: "stopped: nobody ran it"
    case .before: "before the run began"
    }
  }

  static func state(of step: StepReport) -> String {
    switch step.state {
    case .notBegun: "not_begun"
    case .begun: "begun, no end written"
    case .mayHaveActed: "begun, no end written"
    case .ended, .rehearsed: step.outcome ?? "unknown"
    }
  }

  /// A value from the world: text as it is, everything else as JSON.
  static func value(_ json: JSON?) -> HTML {
    guard let json else { return "nothing" }
    let isLong = json.arrayValue != nil || json.objectValue != nil
    return tag("code") { isLong ? json.description : json.stringValue ?? json.description }
  }

  static func person(_ person: PersonRecord) -> HTML { tag("b") { person.spoken } }

  static func pair(_ term: String, @HTMLBuilder _ content: () -> HTML) -> HTML {
    .group([tag("dt") { term }, tag("dd", [:], content)])
  }

  static func table(
    _ heads: [String], class name: String = "", caption: String? = nil, numbers: Set<Int> = [],
    rows: [[HTML]]
  ) -> HTML {
    tag("table", ["class": name]) {
      if let caption { tag("caption") { caption } }
      tag("thead") {
        tag("tr") {
          for (column, head) in heads.enumerated() {
            tag("th", ["scope": "col", "class": numbers.contains(column) ? "number" : ""]) { head }
          }
        }
      }
      tag("tbody") {
        for row in rows {
          tag("tr") {
            for (column, cell) in row.enumerated() {
              if column == 0 {
                tag("th", ["scope": "row"]) { cell }
              } else {
                tag(
                  "td",
                  ["data-label": heads[column], "class": numbers.contains(column) ? "number" : ""]
                ) { cell }
              }
            }
          }
        }
      }
    }
  }
}
