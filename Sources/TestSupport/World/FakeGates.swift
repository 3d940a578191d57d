import Runbook

/// `fake.approval` and `fake.attest`: gates with a `prompt` and, at wish, how many people are `required`.
private enum FakeGate {
  static let parameters: [ActionSchema.Parameter] = [
    .init("prompt", .string, required: true, "What is asked"),
    .init("required", .integer, default: "1", "How many people must say yes"),
  ]

  static func schema(_ name: String, parameters: [ActionSchema.Parameter] = []) -> ActionSchema {
    ActionSchema(
      name: name, summary: "Asks people", discussion: "", target: .none,
      parameters: Self.parameters + parameters, effect: .asks, example: "")
  }
}

struct FakeApproval: GateAction {
  static let schema = FakeGate.schema("fake.approval")
  let question: Question

  init(_ arguments: Arguments) throws {
    question = Question(
      .approval, prompt: try arguments.requiredString("prompt"),
      required: arguments.integer("required") ?? 1)
  }

  func probe(_ observer: any Observer) async throws -> Observation { Observation() }
  func judge(_ observation: Observation) -> Verdict { .needed("would ask") }
}

/// What is vouched for: that `property` of `host` is `value`.
struct FakeAttestation: GateAction {
  static let schema = FakeGate.schema(
    "fake.attest",
    parameters: [
      .init("host", .string, required: true, "The host that can't be asked"),
      .init("property", .string, required: true, "Its property"),
      .init("value", .string, required: true, "What people vouch that it is"),
    ])
  let question: Question

  init(_ arguments: Arguments) throws {
    question = Question(
      .attest, prompt: try arguments.requiredString("prompt"),
      required: arguments.integer("required") ?? 1,
      facts: [
        Fact(
          try arguments.requiredString("host"), try arguments.requiredString("property"),
          .string(try arguments.requiredString("value")))
      ])
  }

  func probe(_ observer: any Observer) async throws -> Observation { Observation() }
  func judge(_ observation: Observation) -> Verdict { .needed("would ask") }
}

/// `fake.proof`: its truth is shown only by writing a file and reading it back.
struct FakeProof: FakeGoalAction, ActingAction, ProvableByProbeFiles {
  static let schema = ActionSchema(
    name: "fake.proof", summary: "Proves by a probe file", discussion: "", target: .host,
    parameters: FakeGoal.parameters, effect: .changes, example: "")
  let goal: FakeGoal
  init(_ arguments: Arguments) throws { goal = try FakeGoal(arguments) }

  /// Without writing it can't be told.
  func probe(_ observer: any Observer) async throws -> Observation {
    Observation([Fact(goal.host.id, goal.property, .unknown("only writing shows it"))])
  }

  func prove(
    _ files: any ProbeFileWriter, observer: any Observer
  ) async throws -> Observation {
    let name = ProbeFileName(label: goal.property, token: files.token)
    try await files.writeProbeFile(
      name, contents: goal.value, in: FakePlan.factDirectory, on: goal.host)
    let seen = try await FakeGoal.read(name.description, on: goal.host, observer)
    try await files.removeProbeFile(name, in: FakePlan.factDirectory, on: goal.host)
    return Observation([Fact(goal.host.id, goal.property, seen.reading)])
  }
}
