public import Runbook

/// `gate.approval`
public struct GateApproval: GateAction {
  public static let schema = ActionSchema(
    name: "gate.approval",
    summary: "Wait until people approve",
    discussion: """
      The run waits. Who approved, when and with which words is in the journal. With `required: 2` two different people must.
      """,
    target: .none,
    parameters: [
      .init("prompt", .string, required: true, "What is asked"),
      GateArguments.signed,
      .init("required", .integer, default: "1", "How many different people must approve"),
    ],
    effect: .asks,
    defaultTimeout: .seconds(86_400),
    example: """
      id: go-ahead
      action: gate.approval
      with: { prompt: "Fail over to dr now?", required: 1 }
      """)

  public let question: Question

  public init(_ arguments: Arguments) throws {
    question = Question(
      .approval, prompt: try arguments.requiredString("prompt"),
      required: try GateArguments.required(arguments),
      isSigned: try GateArguments.isSigned(arguments))
  }

  public func probe(_ observer: any Observer) async throws -> Observation { Observation() }

  public func judge(_ observation: Observation) -> Verdict { .needed(question.prompt) }

  public func predict(_ observation: Observation) -> Observation? { Observation() }
}

enum GateArguments {
  static let signed = ActionSchema.Parameter(
    "signed", .boolean, default: "false",
    "Whether only answers count that are signed with a person's key (docs/people.md)")

  static func isSigned(_ arguments: Arguments) throws -> Bool {
    guard arguments.boolean("signed") == true else { return false }
    guard arguments.inventory.allowedSigners != nil else {
      throw ActionError(
        "gate.signers", "step \(arguments.step): nobody's signature can be verified",
        advice: "add people: { allowed_signers: /path } to the inventory")
    }
    return true
  }

  static func required(_ arguments: Arguments) throws -> Int {
    let required = arguments.integer("required") ?? 1
    guard required >= 1 else {
      throw ActionError(
        "gate.required", "step \(arguments.step): 'required' must be at least 1, not \(required)")
    }
    return required
  }
}
