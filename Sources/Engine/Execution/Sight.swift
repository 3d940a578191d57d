import Runbook

/// What one look gave, and what the action makes of it.
struct Sight: Sendable {
  var observation: Observation
  var verdict: Verdict
  /// What the probe itself returned, before anything was laid over or under it.
  var seen = Observation()
  /// When it was, on the monotonic clock; nil for what is no look.
  var lookedAt: Duration?

  /// How old it may be when it is acted on. Only an entry on disk lies between; but a runner may be suspended, or its disk
  /// stand still, and meanwhile the world goes on.
  static let lifetime = Duration.seconds(30)

  func isFresh(at uptime: Duration) -> Bool {
    lookedAt.map { uptime - $0 <= Self.lifetime } ?? true
  }
}

extension Action {
  /// Probes and judges. `lay` puts what is known otherwise over or under what was seen. Looking never fails: what went
  /// wrong makes the verdict unknown, and says why. Only what `lay` throws is passed on.
  func look(
    with observer: any Observer, within limit: Duration, time: any TimeSource,
    lay: @Sendable (Observation) async throws -> Observation
  ) async throws -> Sight {
    do {
      guard
        let seen = try await Deadline(in: limit, time: time).run({ try await self.probe(observer) })
      else {
        try Task.checkCancellation()
        return Sight(
          observation: Observation(),
          verdict: .unknown("looking took longer than \(limit.runbookText)"))
      }
      let (moment, lookedAt) = (time.now(), time.uptime())
      let stamped = Observation(
        seen.facts.map { fact in
          var stamped = fact
          stamped.at = stamped.at ?? moment
          return stamped
        })
      let observation = try await lay(stamped)
      return Sight(
        observation: observation, verdict: judge(observation), seen: stamped, lookedAt: lookedAt)
    } catch let error as ActionError {
      try Task.checkCancellation()
      return Sight(observation: Observation(), verdict: .unknown(error.description))
    }
  }
}
