import Actuators
import Journal
import Review

/// What 'scheduler-config check' found, for people and for programs.
struct SchedulerConfigView {
  private let pair: FailoverPair

  init(_ pair: FailoverPair) { self.pair = pair }

  var lines: [Line] {
    pair.values.map { host in
      let values = host.values.map { "\($0.element) \($0.value ?? "-")" }
      return Line("\(host.host): \(values.joined(separator: ", "))")
    } + pair.findings.map(Self.line) + takeover + [conclusion]
  }

  private static func line(_ finding: PairFinding) -> Line {
    let (mark, tone): (String, Line.Tone) =
      switch finding.level {
      case .good: ("ok", .good)
      case .warning: ("warning", .attention)
      case .unknown: ("unknown", .attention)
      case .problem: ("problem", .bad)
      }
    return Line("  \(mark): \(finding.words)", tone)
  }

  private var takeover: [Line] {
    pair.takeover.map { [Line("  \($0.words); starting comes on top of it")] } ?? []
  }

  private var conclusion: Line {
    let levels = Set(pair.findings.map(\.level))
    if levels.contains(.problem) { return Line("The pair would not fail over as it stands.", .bad) }
    if levels.contains(.unknown) {
      return Line("It can't be told whether the pair would fail over.", .attention)
    }
    return Line("The two schedulers agree.", .good)
  }

  var json: JSON {
    [
      "hosts": .object(
        Dictionary(
          uniqueKeysWithValues: pair.values.map { host in
            (host.host, SchedulerConfigDifferences.object(host.values))
          })),
      "findings": .array(
        pair.findings.map { finding in
          [
            "level": .string(finding.level.rawValue), "code": .string(finding.code),
            "message": .string(finding.words),
          ]
        }),
      "takeover_seconds": pair.takeover.map { takeover in
        [
          "earliest": .integer(Int64(takeover.earliest)),
          "latest": .integer(Int64(takeover.latest)),
        ]
      } ?? .null,
    ]
  }
}

/// What differs between the two files, and from what is wanted.
struct SchedulerConfigDifferences {
  private struct Difference {
    let element: String
    let values: [(where: String, value: String?)]
  }

  private static let wanted = "wanted"

  private let differences: [Difference]
  /// The values are the same, and something else in the texts is not.
  private let differElsewhere: Bool

  init(_ pair: FailoverPair, wanted: [String: String]) {
    differences = FailoverPair.elements.compactMap { element in
      var values = pair.values.map { host in
        (host.host, host.values.first { $0.element == element }?.value)
      }
      if let value = wanted[element] { values.append((Self.wanted, value)) }
      guard Set(values.map(\.1)).count > 1 else { return nil }
      return Difference(element: element, values: values)
    }
    differElsewhere = pair.findings.contains { $0.code == "config.text_differs" }
  }

  var isEmpty: Bool { differences.isEmpty && !differElsewhere }

  var lines: [Line] {
    guard !isEmpty else { return [Line("Nothing differs.", .good)] }
    return differences.flatMap { difference in
      [Line(difference.element, .heading)]
        + difference.values.map { Line("  \($0.where): \($0.value ?? "none")") }
    }
      + (differElsewhere
        ? [Line("The values are the same on both, and the texts differ elsewhere.", .attention)]
        : [])
  }

  var json: JSON {
    [
      "differences": .array(
        differences.map { difference in
          [
            "element": .string(difference.element),
            "values": Self.object(difference.values.map { (element: $0.where, value: $0.value) }),
          ]
        }),
      "texts_differ_elsewhere": .boolean(differElsewhere),
    ]
  }

  static func object(_ values: [(element: String, value: String?)]) -> JSON {
    .object(
      Dictionary(
        uniqueKeysWithValues: values.map { ($0.element, $0.value.map(JSON.string) ?? .null) }))
  }
}
