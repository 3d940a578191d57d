import Runbook

/// What every fake action is about: that a property of its target has a value.
struct FakeGoal: Sendable {
  let host: Host
  let property: String
  let value: String
  /// Whether it can say what will be so.
  let predicts: Bool
  /// Another property, which it says will be `done`, and does nothing about.
  let promise: String?
  /// The value from which there is no way to `value`.
  static let broken = "broken"

  static let parameters: [ActionSchema.Parameter] = [
    .init("property", .string, required: true, "What is to be so"),
    .init("value", .string, required: true, "The value that it is to have"),
    .init("predicts", .boolean, default: "true", "Whether it says what will be so"),
    .init("promise", .string, "A property that it says will be done, and does nothing about"),
  ]

  init(_ arguments: Arguments) throws {
    host = try arguments.host()
    property = try arguments.requiredString("property")
    value = try arguments.requiredString("value")
    predicts = arguments.boolean("predicts") ?? true
    promise = arguments.string("promise")
  }

  func probe(_ observer: any Observer) async throws -> Observation {
    var observation = Observation([try await Self.read(property, on: host, observer)])
    if let promise { observation.state(try await Self.read(promise, on: host, observer)) }
    return observation
  }

  static func read(
    _ property: String, on host: Host, _ observer: any Observer
  ) async throws -> Fact {
    do {
      let result = try await observer.run(
        .readFile(FakePlan.factDirectory + property), on: host)
      return Fact(
        host.id, property, result.exitCode == 0 ? .string(result.standardOutput) : .null)
    } catch let error as ActionError where error.kind == .unreachable {
      return Fact(host.id, property, .unreachable(error.message))
    } catch let error as ActionError {
      return Fact(host.id, property, .unknown(error.message))
    }
  }

  func judge(_ observation: Observation) -> Verdict {
    guard let seen = observation[host.id, property] else {
      return .unknown(observation.gap(host.id, property) ?? "not seen")
    }
    if seen == .string(value) { return .satisfied("\(property) is \(value)") }
    if seen == .string(Self.broken) { return .blocked("\(property) is broken") }
    return .needed("set \(property) to \(value)")
  }

  func predict(_ observation: Observation) -> Observation? {
    guard predicts else { return nil }
    var predicted = Observation([Fact(host.id, property, .string(value))])
    if let promise { predicted.state(host.id, promise, "done") }
    return predicted
  }

  var command: Command { Command(["set", property, value]) }

  func act(_ capability: any Operator) async throws -> Evidence {
    let result = try await capability.run(command, on: host)
    return Evidence(["answer": .string(result.standardOutput)])
  }
}

/// An action whose whole meaning is a `FakeGoal`.
protocol FakeGoalAction: Action {
  var goal: FakeGoal { get }
}

extension FakeGoalAction {
  var destinations: [Destination] { [.host(goal.host)] }
  func probe(_ observer: any Observer) async throws -> Observation {
    try await goal.probe(observer)
  }
  func judge(_ observation: Observation) -> Verdict { goal.judge(observation) }
  func predict(_ observation: Observation) -> Observation? { goal.predict(observation) }
}

extension FakeGoalAction where Self: ActingAction {
  func operations(given observation: Observation) -> [Operation] {
    [Operation(.command(goal.command, on: goal.host))]
  }

  func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence {
    try await goal.act(`operator`)
  }
}
