import Journal
import Runbook

/// What an action's guards found in one observation.
struct GuardCheck: Sendable {
  let records: [GuardRecord]
  /// The findings that forbid acting: neither holding nor overridden.
  let refusals: [GuardRecord]

  init(_ guards: [Guard], on observation: Observation, overridden: [String: String]) {
    records = guards.map { Self.record($0, observation, overridden[$0.id]) }
    refusals = records.filter { $0.finding != "holds" && $0.overridden == nil }
  }

  private static func record(
    _ guarding: Guard, _ observation: Observation, _ reason: String?
  ) -> GuardRecord {
    let (finding, explanation): (String, String?) =
      switch guarding.check(observation) {
      case .holds: ("holds", nil)
      case .violated(let why): ("violated", why)
      case .unknown(let why): ("unknown", why)
      }
    return GuardRecord(
      id: guarding.id, demand: guarding.demand, finding: finding, explanation: explanation,
      overridden: finding == "holds" ? nil : reason)
  }

  /// The refusal in one sentence.
  var explanation: String {
    refusals.map { "\($0.demand): \($0.explanation ?? $0.finding) (guard \($0.id))" }
      .joined(separator: "; ")
  }
}
