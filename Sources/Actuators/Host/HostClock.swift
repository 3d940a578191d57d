public import Runbook

import struct Foundation.Date

/// `host.clock`
public struct HostClock: Action {
  public static let schema = ActionSchema(
    name: "host.clock",
    summary: "Check that a host's clock agrees with this machine's",
    discussion: """
      The host is asked for the time, and this machine's clock is read before and after. How long the answer took bounds how
      exact that is: when the difference could be on either side of `maximum`, the answer is "cannot tell".

      Clocks that differ make heartbeats, the recovery point and the order of logs wrong.
      """,
    target: .host,
    parameters: [
      .init("maximum", .duration, default: "2s", "How far the clocks may be apart")
    ],
    effect: .checks,
    facts: [
      .init(
        offset, "by how many milliseconds the host's clock is ahead; negative: behind",
        motion: .moves),
      .init(uncertainty, "how many milliseconds more or less that may be", motion: .moves),
    ],
    example: """
      id: clock-agrees
      action: host.clock
      target: dr.scheduler
      with: { maximum: 2s }
      """)

  private static let offset = "clock_offset_ms"
  private static let uncertainty = "clock_uncertainty_ms"
  private static let defaultMaximum = Duration.seconds(2)

  private let host: Host
  private let maximum: Duration

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    maximum = arguments.duration("maximum") ?? Self.defaultMaximum
  }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    do {
      var sample = try await sample(observer)
      // The first look may have to log in on its way: the second is then nearer to the truth.
      if sample.uncertainty * 4 > Int(maximum.milliseconds) {
        sample = min(sample, try await self.sample(observer))
      }
      return Observation([
        Fact(host.id, Self.offset, .integer(sample.offset)),
        Fact(host.id, Self.uncertainty, .integer(sample.uncertainty)),
      ])
    } catch {
      let gap = try Reading(gapFrom: error)
      return Observation([Self.offset, Self.uncertainty].map { Fact(host.id, $0, gap) })
    }
  }

  /// What one look tells, in milliseconds; the one that tells it more exactly is the smaller.
  private struct Sample: Comparable {
    let offset: Int
    let uncertainty: Int

    static func < (left: Sample, right: Sample) -> Bool { left.uncertainty < right.uncertainty }
  }

  private func sample(_ observer: any Observer) async throws -> Sample {
    let before = observer.time.now()
    let result = try await observer.run(.clock(of: host), on: host)
    return try sample(result, between: before, and: observer.time.now())
  }

  private func sample(
    _ result: CommandResult, between before: Date, and after: Date
  ) throws -> Sample {
    let text = result.standardOutput.filter { !$0.isWhitespace }
    let parts = text.split(separator: ".", maxSplits: 1)
    guard result.exitCode == 0, let seconds = parts.first.flatMap({ Int($0) }) else {
      throw ActionError(
        "host.clock", "\(host.id) did not tell the time: \(text) \(result.standardError)",
        advice: "see what 'date +%s.%N' says there")
    }
    // Not every `date` knows fractions of a second.
    let fraction = parts.count == 2 ? Double("0." + parts[1]) : nil
    let told = Double(seconds) + (fraction ?? 0.5)
    let took = after.timeIntervalSince(before)
    let middle = before.timeIntervalSince1970 + took / 2
    let slack = took / 2 + (fraction == nil ? 0.5 : 0)
    return Sample(
      offset: Int(((told - middle) * 1000).rounded()),
      uncertainty: Int((slack * 1000).rounded(.up)))
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let offset = observation[host.id, Self.offset]?.integer,
      let uncertainty = observation[host.id, Self.uncertainty]?.integer
    else { return .unknown(observation.gap(host.id, Self.offset) ?? "it was not asked") }
    let limit = Int(maximum.milliseconds)
    let words =
      "the clock of \(host.id) is \(abs(offset)) ms \(offset < 0 ? "behind" : "ahead of") this "
      + "machine's, give or take \(uncertainty) ms"
    if abs(offset) + uncertainty <= limit { return .satisfied(words) }
    let tooFar = "\(words); \(maximum.runbookText) is allowed"
    return abs(offset) - uncertainty > limit ? .needed(tooFar) : .unknown(tooFar)
  }
}
