import Runbook

/// What one look gave, and what the action makes of it.
struct Sight: Sendable {
  var observation: Observation
  var verdict: Verdict
  /// What the probe itself returned, before anything was laid over or under it.
  var seen = Observation()
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
      let moment = time.now()
      let stamped = Observation(
        seen.facts.map { fact in
          var stamped = fact
          stamped.at = stamped.at ?? moment
          return stamped
        })
      let observation = try await lay(stamped)
      return Sight(observation: observation, verdict: judge(observation), seen: stamped)
    } catch let error as ActionError {
      try Task.checkCancellation()
      return Sight(observation: Observation(), verdict: .unknown(error.description))
    }
  }
}
