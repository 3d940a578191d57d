public import Runbook

extension ActionCatalogue {
  /// What a runbook may do to a `FakeWorld`.
  public static let fake = ActionCatalogue([
    FakeChange.self, FakeChangeOnce.self, FakeChangeInTwoCalls.self, FakeUndoable.self,
    FakeGuarded.self,
    FakeRisky.self, FakeFence.self, FakeCheck.self, FakeWait.self, FakeProof.self,
    FakeApproval.self,
    FakeAttestation.self,
  ])
}

/// `fake.change`: sets a property; may be done again. The property `clock` moves by itself.
struct FakeChange: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.change", summary: "Sets a property", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .changes,
    facts: [.init("clock", "moves by itself", motion: .moves)], example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }
}

/// `fake.change_once`: sets a property; must not be done again when nobody knows how far it came.
struct FakeChangeOnce: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.change_once", summary: "Sets a property, once", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .changes, isRepeatable: false,
    reversibility: .irreversible, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }
}

/// `fake.change_in_two_calls`: a preparation, and then the change: a crash may fall between them.
struct FakeChangeInTwoCalls: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.change_in_two_calls", summary: "Prepares, and sets a property", discussion: "",
    target: .host, parameters: FakeGoal.parameters, effect: .changes, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }

  private var preparation: Command {
    Command(["set", "\(goal.property).prepared", goal.value])
  }

  func operations(given observation: Observation) -> [Operation] {
    [preparation, goal.command].map { Operation(.command($0, on: goal.host)) }
  }

  func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence {
    _ = try await `operator`.run(preparation, on: goal.host)
    return try await goal.act(`operator`)
  }
}

/// `fake.guarded`: as `fake.change`, and only while a property of another host has a value. Guard `other-host`.
struct FakeGuarded: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.guarded", summary: "Sets a property while another host allows it", discussion: "",
    target: .host,
    parameters: FakeGoal.parameters + [
      .init("guard_host", .string, required: true, "The other host"),
      .init("guard_property", .string, required: true, "The property that is looked at"),
      .init("guard_value", .string, required: true, "The value that it must have"),
    ], effect: .changes, example: "")

  let goal: FakeGoal
  private let other: Host
  private let property: String
  private let value: String

  init(_ arguments: Arguments) throws {
    goal = try FakeGoal(arguments)
    other = try arguments.host(named: arguments.requiredString("guard_host"))
    property = try arguments.requiredString("guard_property")
    value = try arguments.requiredString("guard_value")
  }

  func probe(_ observer: any Observer) async throws -> Observation {
    var observation = try await goal.probe(observer)
    observation.state(try await FakeGoal.read(property, on: other, observer))
    return observation
  }

  var guards: [Guard] {
    [
      Guard("other-host", demand: "\(property) of \(other.id) is \(value)") {
        [other, property, value] observation in
        guard let seen = observation[other.id, property] else {
          return .unknown(observation.gap(other.id, property) ?? "not seen")
        }
        return seen == .string(value) ? .holds : .violated("it is \(seen)")
      }
    ]
  }
}

/// `fake.risky`: as `fake.change`, and with consent when the host has a property `risk`.
struct FakeRisky: FakeGoalAction, ActingAction {
  static let schema = ActionSchema(
    name: "fake.risky", summary: "Sets a property at a risk", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .changes, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }

  func probe(_ observer: any Observer) async throws -> Observation {
    var observation = try await goal.probe(observer)
    observation.state(try await FakeGoal.read("risk", on: goal.host, observer))
    return observation
  }

  func consent(for observation: Observation) -> Question? {
    observation[goal.host.id, "risk"]?.string.map {
      Question(.approval, prompt: "Is \($0) worth it?")
    }
  }
}

/// `fake.fence`: sets a property of its own host, and by that `state` of the other host is `stopped`.
struct FakeFence: FakeGoalAction, FencingAction {
  static let schema = ActionSchema(
    name: "fake.fence", summary: "Stops the other host from outside", discussion: "",
    target: .host, parameters: FakeGoal.parameters, effect: .changes, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }

  func probe(_ observer: any Observer) async throws -> Observation {
    var observation = try await goal.probe(observer)
    let isSet = goal.judge(observation).isSatisfied
    observation.state(
      Fact(FakePlan.otherHost, "state", isSet ? .value("stopped") : .unknown("not fenced")))
    return observation
  }

  func predict(_ observation: Observation) -> Observation? {
    var predicted = goal.predict(observation)
    predicted?.state(FakePlan.otherHost, "state", "stopped")
    return predicted
  }
}

/// `fake.check`: only looks.
struct FakeCheck: FakeGoalAction {
  static let schema = ActionSchema(
    name: "fake.check", summary: "Checks a property", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .checks, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }
}

/// `fake.wait`: waits until the world has moved by itself.
struct FakeWait: FakeGoalAction {
  static let schema = ActionSchema(
    name: "fake.wait", summary: "Waits for a property", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .waits, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }
}
