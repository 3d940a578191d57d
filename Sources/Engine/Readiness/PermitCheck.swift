import Journal
import Runbook

/// Who may run its scheduler, as a readiness run tells it.
struct PermitCheck: Sendable {
  static let id = "permit"

  /// The site that holds the permit; nil when nobody does, or when that can't be told.
  let active: String?
  let record: ReadinessJudged

  /// Nil when the inventory has no schedulers. Throws `JournalError` when the journal can't be read.
  static func read(_ journal: Journal, _ inventory: Inventory) async throws -> PermitCheck? {
    guard !inventory.schedulerHosts().isEmpty else { return nil }
    do {
      return PermitCheck(try await PermitLedger.current(journal, inventory).standing)
    } catch let error as EngineError {
      return PermitCheck(
        nil, .cannotTell, error.description, advice: "name the primary in the inventory")
    }
  }

  private init(_ standing: PermitLedger.Standing) {
    switch standing {
    case .held(let site, let why, _, _):
      self.init(site, .ready, "\(site) may run its scheduler: \(why)", advice: nil)
    case .free(let why, _, _):
      self.init(
        nil, .notReady, "nobody may run its scheduler: \(why)",
        advice:
          "resume the run that left it so ('lifeboat explain'), or see 'lifeboat permit grant'"
      )
    }
  }

  private init(
    _ active: String?, _ finding: ReadinessJudged.Finding, _ message: String, advice: String?
  ) {
    self.active = active
    record = ReadinessJudged(
      name: "One site may run its scheduler", action: "permit", target: nil, finding: finding,
      message: message, advice: advice, observation: [])
  }
}
