public import Journal
public import Runbook

/// Looks at everything that a plan and its inventory depend on, and keeps what was asked and answered word for word: for whoever
/// finds that a real server differs from what Lifeboat takes it for. It changes nothing, and its findings are no readiness.
public struct Doctor: Sendable {
  private let surroundings: Surroundings
  private let world: any ObservableWorld

  public init(surroundings: Surroundings, world: any ObservableWorld) {
    self.surroundings = surroundings
    self.world = world
  }

  /// One thing that was looked at.
  public struct Finding: Sendable, Encodable {
    public let id: String
    /// Nil of a version.
    public let action: String?
    public let target: String?
    /// What the action makes of it: satisfied, needed, blocked or unknown.
    public let verdict: String?
    public let message: String
    public let facts: [FactRecord]
    public let exchanges: [Exchange]
  }

  /// Versions first, then what readiness looks at, then the runbook's prechecks and steps, in the world as it is. Throws
  /// `JournalError` when who has the permit can't be read, and `CancellationError`.
  public func examine(_ plan: Plan) async throws -> [Finding] {
    let active = try await PermitCheck.read(surroundings.journal, plan.inventory)?.active
    let checks = InventoryChecks(plan: plan, catalogue: surroundings.catalogue, active: active).all
    let versions = VersionLook.all(in: plan.inventory)
    let steps = checks.map(\.step) + plan.prechecks + plan.steps
    return try await versions.sideBySide { try await look($0) }
      + steps.sideBySide { try await look($0, plan) }
  }

  private func look(_ version: VersionLook) async throws -> Finding {
    let transcript = Transcript(time: surroundings.time)
    let observer = TranscribedWorld(base: world, transcript: transcript).makeObserver()
    var message: String
    do { message = try await version.look(observer) } catch let error as ActionError {
      message = error.description
    }
    return Finding(
      id: version.id, action: nil, target: nil, verdict: nil, message: message, facts: [],
      exchanges: transcript.exchanges)
  }

  private func look(_ step: PlannedStep, _ plan: Plan) async throws -> Finding {
    let transcript = Transcript(time: surroundings.time)
    let world = TranscribedWorld(base: world, transcript: transcript)
    func finding(_ verdict: String?, _ message: String, _ facts: Observation) -> Finding {
      Finding(
        id: step.id, action: step.action, target: step.target?.description, verdict: verdict,
        message: message, facts: facts.records(at: surroundings.time.now()),
        exchanges: transcript.exchanges)
    }
    do {
      let look = try await Walk(surroundings: surroundings, world: world)
        .look(at: step, plan, Course())
      return finding(
        look.sight.verdict.name, look.sight.verdict.explanation, look.sight.observation)
    } catch let error as ActionError {
      // A value that an earlier step will only have when the runbook is executed.
      return finding(nil, error.description, Observation())
    }
  }
}
