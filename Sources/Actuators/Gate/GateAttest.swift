public import Runbook

/// `gate.attest`
public struct GateAttest: GateAction {
  public static let schema = ActionSchema(
    name: "gate.attest",
    summary: "Wait until a person vouches for what can't be probed",
    discussion: """
      The person vouches for `statement`, and by that for `facts`, on which later steps may stand: who, when and with which
      words is in the journal. An attested fact never replaces one that can be seen.

      A fact is named as probes name it: the subject (`production.scheduler/server`, `scheduler@dr`), the property (`state`)
      and the value (`stopped`).
      """,
    target: .none,
    parameters: [
      .init("statement", .string, required: true, "What the person vouches for"),
      .init(
        "facts",
        .list(
          .record([
            .init("subject", .string, required: true, "What the fact is about"),
            .init("property", .string, required: true, "Which of its properties"),
            .init("value", .any, required: true, "What it is"),
          ])), "The facts that become known by it"),
      GateArguments.signed,
      .init("required", .integer, default: "1", "How many different people must vouch"),
    ],
    effect: .asks,
    defaultTimeout: .seconds(86_400),
    example: """
      id: production-is-dead
      action: gate.attest
      with:
        statement: The production server room has no power.
        facts:
          - { subject: production.scheduler/server, property: state, value: stopped }
      """)

  public let question: Question

  public init(_ arguments: Arguments) throws {
    question = Question(
      .attest, prompt: try arguments.requiredString("statement"),
      required: try GateArguments.required(arguments),
      facts: try (arguments["facts"]?.list ?? []).map { try Self.fact($0, arguments.step) },
      isSigned: try GateArguments.isSigned(arguments))
  }

  private static func fact(_ value: Value, _ step: String) throws -> Fact {
    guard let record = value.mapping, let subject = record["subject"]?.string,
      let property = record["property"]?.string, let value = record["value"]
    else {
      throw ActionError(
        "gate.fact", "step \(step): each of 'facts' needs a subject, a property and a value")
    }
    return Fact(subject, property, .value(value), source: .attested)
  }

  public func probe(_ observer: any Observer) async throws -> Observation { Observation() }

  public func judge(_ observation: Observation) -> Verdict { .needed(question.prompt) }

  public func predict(_ observation: Observation) -> Observation? { Observation(question.facts) }
}
