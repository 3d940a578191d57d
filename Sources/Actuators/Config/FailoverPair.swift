import Runbook

/// One thing that was found of a pair of schedulers.
public struct PairFinding: Sendable, Hashable {
  public enum Level: String, Sendable, Hashable { case good, warning, unknown, problem }

  public let level: Level
  /// Stable, for programs.
  public let code: String
  public let words: String
}

/// How long after the primary's end the secondary takes over, before it has started anything.
public struct Takeover: Sendable, Hashable {
  /// The secondary takes over when this many beats in a row didn't come.
  private static let missedBeats = 3

  public let interval: Int
  /// In seconds: the primary ended just before a beat, or just after one.
  public var earliest: Int { interval * (Self.missedBeats - 1) }
  public var latest: Int { interval * Self.missedBeats }

  public var words: String {
    "the secondary takes over \(earliest) to \(latest) s after the primary's end: "
      + "\(Self.missedBeats) missed beats, one every \(interval) s"
  }
}

/// What two schedulers' configurations say together. Pure.
public struct FailoverPair: Sendable {
  /// What the scheduler takes where the file says none, by its manual.
  private static let defaultInterval = 60
  private static let shortestInterval = 15

  /// The elements of the file, in their order.
  public static let elements = FailoverElement.allCases.map(\.rawValue)

  let sides: [SchedulerPair.Side]
  let observation: Observation
  /// Of each host, by its name in the inventory: the values as they are written.
  public var values: [(host: String, values: [(element: String, value: String?)])] {
    sides.map { side in
      (
        side.host.id,
        FailoverElement.allCases.map { ($0.rawValue, side.config.value($0, in: observation)) }
      )
    }
  }

  init(_ sides: [SchedulerPair.Side], _ observation: Observation) {
    self.sides = sides
    self.observation = observation
  }

  static func port(_ text: String) -> Int? {
    Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil }
  }

  /// Nil when the two disagree, or say nothing that is an interval.
  public var takeover: Takeover? {
    guard sides.allSatisfy(isPresent) else { return nil }
    let texts = Set(sides.map { $0.config.value(.interval, in: observation) })
    guard texts.count == 1, let text = texts.first,
      let interval = text.map({ Int($0) }) ?? Self.defaultInterval, interval > 0
    else { return nil }
    return Takeover(interval: interval)
  }

  public var findings: [PairFinding] {
    let files = sides.compactMap(unreadable)
    guard files.isEmpty else { return files }
    return sameness + sides.flatMap(validity) + sides.flatMap(networkFindings)
  }

  /// Whether it is known of both files what is in them, be it nothing.
  public var isKnown: Bool {
    sides.allSatisfy { observation[$0.subject, FailoverConfigFile.state]?.string != nil }
  }

  private func isPresent(_ side: SchedulerPair.Side) -> Bool {
    observation[side.subject, FailoverConfigFile.state]?.string == FailoverConfigFile.present
  }

  private func unreadable(_ side: SchedulerPair.Side) -> PairFinding? {
    if isPresent(side) { return nil }
    let state = observation[side.subject, FailoverConfigFile.state]?.string
    guard state == nil else {
      return PairFinding(
        level: .problem, code: "config.missing",
        words: "\(side.host.id) has no \(side.config.file.path)")
    }
    return PairFinding(
      level: .unknown, code: "config.unreadable",
      words: observation.gap(side.subject, FailoverConfigFile.state) ?? "it was not asked")
  }

  // MARK: - Both

  private var sameness: [PairFinding] {
    let differing = FailoverElement.allCases.filter { element in
      Set(sides.map { $0.config.value(element, in: observation) }).count > 1
    }
    if !differing.isEmpty {
      return differing.map { element in
        let each = sides.map { side in
          "\(side.config.value(element, in: observation) ?? "none") on \(side.host.id)"
        }.joined(separator: ", ")
        return PairFinding(
          level: .problem, code: "config.differs", words: "\(element.rawValue) is \(each)")
      }
    }
    let texts = Set(
      sides.compactMap { observation[$0.subject, SchedulerPair.fingerprint]?.string })
    return texts.count <= 1
      ? [PairFinding(level: .good, code: "config.same", words: "both files are the same")]
      : [
        PairFinding(
          level: .warning, code: "config.text_differs",
          words: "both files have the same values, and differ elsewhere: copy one over the other")
      ]
  }

  // MARK: - Each

  private func validity(_ side: SchedulerPair.Side) -> [PairFinding] {
    let value = { (element: FailoverElement) in side.config.value(element, in: observation) }
    func problem(_ code: String, _ words: String) -> PairFinding {
      PairFinding(level: .problem, code: code, words: "\(words) on \(side.host.id)")
    }
    var found: [PairFinding] = []
    for element in [FailoverElement.primary, .secondary] where !isName(value(element)) {
      found.append(
        problem(
          "config.host_name",
          "\(element.rawValue) is \(value(element).map { "'\($0)', no host's name" } ?? "missing")")
      )
    }
    if isName(value(.primary)), value(.primary)?.lowercased() == value(.secondary)?.lowercased() {
      found.append(problem("config.one_scheduler", "Primary and Secondary are the same"))
    }
    if value(.port).flatMap(Self.port) == nil {
      found.append(
        problem("config.port", "Port is \(value(.port).map { "'\($0)', no port" } ?? "missing")"))
    }
    return found + interval(side, value(.interval), problem)
  }

  private func isName(_ text: String?) -> Bool { text.map(HostName.isOne) ?? false }

  private func interval(
    _ side: SchedulerPair.Side, _ text: String?, _ problem: (String, String) -> PairFinding
  ) -> [PairFinding] {
    guard let text else {
      return [
        PairFinding(
          level: .warning, code: "config.no_interval",
          words:
            "Interval is missing on \(side.host.id): the scheduler takes \(Self.defaultInterval) s")
      ]
    }
    guard let seconds = Int(text), seconds > 0 else {
      return [problem("config.interval", "Interval is '\(text)', no number of seconds")]
    }
    return Self.warning(ofInterval: seconds).map {
      [
        PairFinding(
          level: .warning, code: "config.short_interval", words: "on \(side.host.id) \($0)")
      ]
    } ?? []
  }

  /// Nil for one that is long enough.
  public static func warning(ofInterval seconds: Int) -> String? {
    seconds < shortestInterval
      ? "the interval is \(seconds) s: with less than \(shortestInterval) s the two fight for the database on short "
        + "faults of the network" : nil
  }
}
