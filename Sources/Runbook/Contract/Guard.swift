/// A condition over facts that must hold immediately before `act`. The engine checks it with a fresh probe; a runbook
/// can't remove it, only override it with a reason and an approval.
public struct Guard: Sendable {
  public enum Finding: Sendable, Hashable {
    case holds
    case violated(String)
    /// It can't be told; the engine treats it as violated.
    case unknown(String)
  }

  /// What messages, the journal and `override_guards` call it: `other-scheduler-stopped`.
  public let id: String
  /// The demand as a sentence: "the scheduler of every other site is stopped".
  public let demand: String
  /// Pure: only what the observation says.
  public let check: @Sendable (Observation) -> Finding

  public init(
    _ id: String, demand: String, check: @escaping @Sendable (Observation) -> Finding
  ) {
    self.id = id
    self.demand = demand
    self.check = check
  }
}
