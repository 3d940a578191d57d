public import Runbook
import Synchronization

/// A world of facts: each host has properties, whose values are text. Everything goes through the capabilities that real
/// actions have: `readFile` of `/facts/PROPERTY` reads one, the command `set PROPERTY VALUE` changes one, a probe file is
/// a property of its path's name. It counts what was asked of it, and errs as it is told to.
public final class FakeWorld: OperableWorld {
  /// One change asked for through an operator.
  public struct Change: Sendable, Hashable {
    /// Host and property.
    public let key: FactKey
    public let value: String
    /// `RUN-STEP`: whose operator it was.
    public let token: String
  }

  struct State {
    var facts: [FactKey: String]
    var dark: Set<String> = []
    var actFaults: [FactKey: [ActFault]] = [:]
    var probeFaults: [FactKey: [ProbeFault]] = [:]
    /// What will be so, and when.
    var coming: [(at: Duration, key: FactKey, value: String)] = []
    var hasPower = true
    var calls: [Change] = []
    var effects: [Change] = []
    var looks = 0
    var operators = 0
    var probeFiles: [String] = []
    var approached: [Destination] = []
    var approachesHang = false
    var beforeChange: (@Sendable (Change) async throws -> Void)?
    var callWaiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  }

  /// How long `ActFault.comesLate` takes.
  public static let delay = Duration.seconds(10)

  let time: any TimeSource
  private let state: Mutex<State>

  public init(_ facts: [FactKey: String] = [:], time: any TimeSource) {
    self.time = time
    state = Mutex(State(facts: facts))
  }

  func withState<Result: Sendable>(_ body: (inout sending State) throws -> sending Result)
    rethrows -> Result
  {
    let uptime = time.uptime()
    return try state.withLock { state in
      state.settle(at: uptime)
      return try body(&state)
    }
  }

  public func makeObserver() -> any Observer { FakeObserver(world: self) }

  public func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    FakeOperator(world: self, token: token)
  }

  public func approach(_ destinations: [Destination]) async {
    let hangs = withState { state in
      state.approached += destinations
      return state.approachesHang
    }
    guard hangs else { return }
    let (never, _) = AsyncStream<Never>.makeStream()
    for await _ in never {}
  }

  public func makeOperator(token: String) -> any Operator {
    withState { $0.operators += 1 }
    return FakeOperator(world: self, token: token)
  }
}

extension FakeWorld.State {
  /// Lets the effects that were to come by now be there.
  mutating func settle(at uptime: Duration) {
    for effect in coming where effect.at <= uptime { facts[effect.key] = effect.value }
    coming.removeAll { $0.at <= uptime }
  }
}

// MARK: - What a test arranges

extension FakeWorld {
  /// A host's property; nil when it has none.
  public subscript(host: String, property: String) -> String? {
    get { withState { $0.facts[FactKey(host, property)] } }
    set { withState { $0.facts[FactKey(host, property)] = newValue } }
  }

  /// Getting somewhere beforehand comes to no end, but for being cancelled.
  public func letApproachesHang() { withState { $0.approachesHang = true } }

  /// The host can't be reached any more.
  public func darken(_ host: String) { withState { _ = $0.dark.insert(host) } }
  /// The host is back.
  public func lighten(_ host: String) { withState { _ = $0.dark.remove(host) } }

  /// The next changes of a property go wrong in these ways, one after the other.
  public func script(_ host: String, _ property: String, acts faults: [ActFault]) {
    withState { $0.actFaults[FactKey(host, property), default: []] += faults }
  }

  /// The next looks at a property go wrong in these ways, one after the other.
  public func script(_ host: String, _ property: String, probes faults: [ProbeFault]) {
    withState { $0.probeFaults[FactKey(host, property), default: []] += faults }
  }

  /// Forgets what was to go wrong.
  public func forgetFaults() {
    withState { state in
      state.actFaults = [:]
      state.probeFaults = [:]
    }
  }

  /// Called before each change that an operator asks for, faults or not: to look at the journal at that moment, or to
  /// hold the change up.
  public func beforeChange(_ body: (@Sendable (Change) async throws -> Void)?) {
    withState { $0.beforeChange = body }
  }

  /// From now on nothing of this runner reaches the world, as if it had been killed.
  public func cutPower() { withState { $0.hasPower = false } }
  public func restorePower() { withState { $0.hasPower = true } }
}

// MARK: - What a test looks at

extension FakeWorld {
  public var facts: [FactKey: String] { withState(\.facts) }
  /// Every change that was asked for, whatever became of it.
  public var calls: [Change] { withState(\.calls) }
  /// The changes that happened.
  public var effects: [Change] { withState(\.effects) }
  /// How often something was read.
  public var looks: Int { withState(\.looks) }
  /// Where a run got to before a step needed it.
  public var approached: [Destination] { withState(\.approached) }
  /// How many operators were made.
  public var operators: Int { withState(\.operators) }
  /// The names of the probe files that were ever written.
  public var probeFiles: [String] { withState(\.probeFiles) }

  public func calls(of property: String, on host: String = FakePlan.host) -> Int {
    calls.count { $0.key == FactKey(host, property) }
  }

  public func effects(on property: String, of host: String = FakePlan.host) -> Int {
    effects.count { $0.key == FactKey(host, property) }
  }

  /// Waits until so many changes have been asked for.
  public func untilCalls(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isReached = withState { state in
        if state.calls.count >= count { return true }
        state.callWaiters.append((count, continuation))
        return false
      }
      if isReached { continuation.resume() }
    }
  }
}
