public import Runbook

/// What every action must keep, whatever it does. One action stands in a world in which it is needed; the suite looks, acts
/// and looks again, and returns what it found wrong. A test is:
///
///     let findings = try await Conformance(action, in: world) { try DirectorySnapshot(of: directory) }.findings()
///     #expect(findings == [])
///
/// `Snapshot` is the state of the world that the action can reach, byte for byte, without what moves by itself.
public struct Conformance<Snapshot: Equatable & Sendable>: Sendable {
  private let action: any Action
  private let world: any OperableWorld
  private let time: any TimeSource
  private let snapshot: @Sendable () async throws -> Snapshot
  /// Far longer than anything here takes: only a hang reaches it.
  private let patience: Duration
  private let token = "conformance"

  public init(
    _ action: any Action, in world: any OperableWorld, patience: Duration = .seconds(60),
    snapshot: @escaping @Sendable () async throws -> Snapshot
  ) {
    self.action = action
    self.world = world
    self.patience = patience
    self.snapshot = snapshot
    time = world.makeObserver().time
  }

  private var schema: ActionSchema { type(of: action).schema }
  private var observer: any Observer { world.makeObserver() }

  /// Everything that was found wrong; empty for an action that conforms.
  public func findings() async throws -> [String] {
    var findings = Findings(of: schema.name)
    try await checkLooking(&findings)
    if let acting = action as? any ActingAction {
      try await checkActing(acting, &findings)
    }
    return findings.list
  }

  // MARK: - Looking

  private func checkLooking(_ findings: inout Findings) async throws {
    let before = try await snapshot()
    let first = try await action.probe(observer)
    let second = try await action.probe(observer)
    findings.expect(try await snapshot() == before, "probing changed the world")
    findings.expect(
      first.facts.map(\.key) == second.facts.map(\.key), "two probes stated different facts")
    findings.expect(
      action.judge(first) == action.judge(first), "one observation was judged in two ways")
    findings.expect(
      action.predict(first) == action.predict(first), "one observation gave two predictions")
    checkNames(first, &findings)
    findings.expect(
      await returnsWhenCancelled { _ = try await action.probe(observer) },
      "a cancelled probe did not return")
    findings.expect(try await snapshot() == before, "a cancelled probe changed the world")
  }

  private func checkNames(_ observation: Observation, _ findings: inout Findings) {
    let known = Set(schema.facts.map(\.name))
    let stated = observation.facts + (action.predict(observation)?.facts ?? [])
    if !(action is any GateAction) {
      for property in Set(stated.map(\.key.property)).subtracting(known).sorted() {
        findings.add("the fact '\(property)' is not in the schema")
      }
    }
    guard let acting = action as? any ActingAction else { return }
    let guards = acting.guards.map(\.id)
    findings.expect(Set(guards).count == guards.count, "two guards have one id")
    for id in Set(guards).subtracting(schema.guards.map(\.name)).sorted() {
      findings.add("the guard '\(id)' is not in the schema")
    }
  }

  // MARK: - Acting

  private func checkActing(
    _ acting: any ActingAction, _ findings: inout Findings
  ) async throws {
    findings.expect(schema.effect == .changes, "it acts, and its effect is \(schema.effect)")
    var observation = try await acting.probe(observer)
    let verdict = acting.judge(observation)
    guard case .needed = verdict else {
      return findings.add("the world does not need it: \(verdict)")
    }
    checkGuards(acting, observation, &findings)
    let predicted = acting.predict(observation)
    if let predicted {
      let after = acting.judge(observation.overlaid(with: predicted.facts))
      findings.expect(after.isSatisfied, "its prediction would not satisfy it: \(after)")
    }
    let cutOff = RecordingOperator(world.makeOperator(token: token))
    findings.expect(
      await returnsWhenCancelled { [observation] in
        _ = try await acting.act(cutOff, given: observation)
      },
      "a cancelled act did not return")
    checkOperations(acting, on: observation, cutOff, isCutOff: true, &findings)
    observation = try await acting.probe(observer)
    if !acting.judge(observation).isSatisfied {
      let capability = RecordingOperator(world.makeOperator(token: token))
      _ = try await acting.act(capability, given: observation)
      checkOperations(acting, on: observation, capability, isCutOff: false, &findings)
    }
    let seen = try await settled(acting, &findings)
    checkPrediction(predicted, against: seen, &findings)
    try await checkSecondAct(acting, on: seen, &findings)
  }

  /// What it did is what it had said it would do.
  private func checkOperations(
    _ acting: any ActingAction, on observation: Observation, _ capability: RecordingOperator,
    isCutOff: Bool, _ findings: inout Findings
  ) {
    let told = acting.operations(given: observation)
    findings.expect(!told.isEmpty, "it is needed, and says that it would do nothing")
    let performed = capability.performed
    findings.expect(
      told.allow(performed[...], isCutOff: isCutOff),
      "it said that it would do \(told.map(\.spoken)), and did \(performed.map(\.spoken))")
  }

  private func checkGuards(
    _ acting: any ActingAction, _ observation: Observation, _ findings: inout Findings
  ) {
    for each in acting.guards {
      let finding = each.check(observation)
      findings.expect(finding == .holds, "the guard '\(each.id)' doesn't hold: \(finding)")
      findings.expect(
        each.check(Observation()) != .holds || observation == Observation(),
        "the guard '\(each.id)' holds although nothing is known")
    }
  }

  /// As the engine does: probes until it is satisfied.
  private func settled(
    _ acting: any ActingAction, _ findings: inout Findings
  ) async throws -> Observation {
    let deadline = time.uptime() + patience
    while true {
      let observation = try await acting.probe(observer)
      let verdict = acting.judge(observation)
      if verdict.isSatisfied { return observation }
      guard time.uptime() < deadline else {
        findings.add("after acting it is not satisfied: \(verdict)")
        return observation
      }
      try await time.sleep(for: .milliseconds(20))
    }
  }

  private func checkPrediction(
    _ predicted: Observation?, against seen: Observation, _ findings: inout Findings
  ) {
    for fact in predicted?.facts ?? [] {
      let reading = seen[fact.key]?.reading
      findings.expect(
        reading == fact.reading,
        "it predicted \(fact.key) as \(fact.reading), and that is \(reading.debugDescription)")
    }
  }

  private func checkSecondAct(
    _ acting: any ActingAction, on observation: Observation, _ findings: inout Findings
  ) async throws {
    guard acting.isRepeatable else { return }
    let before = try await snapshot()
    _ = try await acting.act(world.makeOperator(token: token), given: observation)
    findings.expect(try await snapshot() == before, "acting twice changed more than acting once")
    let verdict = acting.judge(try await acting.probe(observer))
    findings.expect(verdict.isSatisfied, "acting twice undid it: \(verdict)")
  }

  // MARK: - Cancelling

  /// Whether `work` returns, in any way, once its task is cancelled. Its tasks are on their own: a group would wait for
  /// the one that hangs.
  private func returnsWhenCancelled(
    _ work: @escaping @Sendable () async throws -> Void
  ) async -> Bool {
    let (endings, ending) = AsyncStream<Bool>.makeStream()
    let working = Task {
      // However it ends: an error is an answer too.
      _ = await Task { try await work() }.cancelled()
      ending.yield(true)
    }
    let waiting = Task {
      do { try await time.sleep(for: patience) } catch { return }
      ending.yield(false)
    }
    defer {
      working.cancel()
      waiting.cancel()
    }
    var first = endings.makeAsyncIterator()
    return await first.next() ?? false
  }
}

extension Task {
  /// Lets the task begin, cancels it, and returns its result.
  fileprivate func cancelled() async -> Result<Success, Failure> {
    await Task<Never, Never>.yield()
    cancel()
    return await result
  }
}

/// What an action whose target can't be asked must keep.
public struct UnreachableConformance: Sendable {
  private let action: any Action
  private let world: any OperableWorld

  public init(_ action: any Action, in world: any OperableWorld) {
    self.action = action
    self.world = world
  }

  /// Looking returns gaps and no error, the verdict claims nothing, no guard that needs the target holds, and a prediction
  /// can still be asked for.
  public func findings() async throws -> [String] {
    var findings = Findings(of: type(of: action).schema.name)
    let observation: Observation
    do {
      observation = try await action.probe(world.makeObserver())
    } catch {
      return ["\(type(of: action).schema.name): probing threw: \(error)"]
    }
    findings.expect(!observation.unreachable.isEmpty, "no fact says that its target is unreachable")
    let verdict = action.judge(observation)
    findings.expect(!verdict.isSatisfied, "it is satisfied by what it could not ask: \(verdict)")
    _ = action.predict(observation)
    return findings.list
  }
}

/// Sentences about one action.
struct Findings {
  private let name: String
  private(set) var list: [String] = []

  init(of name: String) { self.name = name }

  mutating func add(_ finding: String) { list.append("\(name): \(finding)") }

  mutating func expect(_ holds: Bool, _ finding: @autoclosure () -> String) {
    if !holds { add(finding()) }
  }
}
