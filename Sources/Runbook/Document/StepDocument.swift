/// A step or precheck as written. What references can stand in stays a node until it is bound.
struct StepDocument: Sendable {
  struct Retry: Sendable {
    let position: SourcePosition
    /// Nil when it was refused.
    let limit: Int?
    let interval: YAMLNode?
    let backoff: Int
  }

  struct Approval: Sendable {
    let prompt: YAMLNode
    let required: Int
    /// Where `signed: true` stands.
    let signed: SourcePosition?
  }

  struct Override: Sendable {
    let guardID: LocatedText
    let reason: String
  }

  /// How many hosts of a group may fail.
  enum MaxFailed: Sendable {
    case count(Int)
    case percent(Int)

    /// A part of a host is none.
    func count(of hosts: Int) -> Int {
      switch self {
      case .count(let count): count
      case .percent(let percent): hosts * percent / 100
      }
    }
  }

  let isPrecheck: Bool
  let position: SourcePosition
  /// Nil when it was refused.
  let id: LocatedText?
  let name: YAMLNode?
  /// Nil when it was refused.
  let action: LocatedText?
  let target: YAMLNode?
  let with: [YAMLPair]
  let withPosition: SourcePosition?
  let when: YAMLNode?
  /// Nil when the order of writing decides.
  let depends: [LocatedText]?
  let timeout: YAMLNode?
  let retry: Retry?
  let onError: PlannedStep.OnError
  let onUnreachable: PlannedStep.OnUnreachable
  let isAlways: Bool
  let approval: Approval?
  let isCritical: Bool
  let criticalPosition: SourcePosition?
  let overrides: [Override]
  let overridesPosition: SourcePosition?
  let maxParallel: Int?
  let maxFailed: MaxFailed?
  /// The keys that have a meaning only where the target is a group, and where they stand.
  let groupKeys: [LocatedText]
}

extension StepDocument {
  static let precheckKeys = [
    "id", "name", "action", "target", "with", "when", "timeout", "on_unreachable", "critical",
  ]
  static let stepKeys =
    precheckKeys + ["depends", "retry", "on_error", "always", "approval", "override_guards"]
    + groupKeyNames
  static let groupKeyNames = ["max_parallel", "max_failed"]
  static let retryKeys = ["limit", "interval", "backoff"]
  static let approvalKeys = ["prompt", "required", "signed"]
  static let overrideKeys = ["guard", "reason"]
  static let retryLimits = 1...100
  static let backoffs = 1...10
  static let approvers = 1...10
  static let parallels = 1...1000

  init?(decoding node: YAMLNode, isPrecheck: Bool, with decoder: NodeDecoder) {
    let what = isPrecheck ? "a precheck" : "a step"
    guard
      let record = decoder.record(
        node, keys: isPrecheck ? Self.precheckKeys : Self.stepKeys, what)
    else { return nil }
    self.isPrecheck = isPrecheck
    position = node.position
    id = record.required("id", hint: "a short name, as stop-production").flatMap { node in
      decoder.name(node, "an id").map { LocatedText(text: $0, position: node.position) }
    }
    name = record["name"]
    action = record.required("action", hint: "'lifeboat actions' lists them").flatMap { node in
      decoder.nonEmptyString(node, "the name of an action")
        .map { LocatedText(text: $0, position: node.position) }
    }
    target = record["target"]
    with = record["with"].flatMap { decoder.pairs($0, "a mapping of parameters to values") } ?? []
    withPosition = record["with"]?.position
    when = record["when"]
    depends = record["depends"].flatMap { Self.depends($0, with: decoder) }
    timeout = record["timeout"]
    retry = record["retry"].flatMap { Retry(decoding: $0, with: decoder) }
    onError =
      record["on_error"].flatMap { decoder.choice($0, of: PlannedStep.OnError.self) } ?? .stop
    onUnreachable =
      record["on_unreachable"].flatMap { decoder.choice($0, of: PlannedStep.OnUnreachable.self) }
      ?? .fail
    isAlways = record["always"].flatMap(decoder.boolean) ?? false
    approval = record["approval"].flatMap { Approval(decoding: $0, with: decoder) }
    isCritical = record["critical"].flatMap(decoder.boolean) ?? true
    criticalPosition = record.keyPosition(of: "critical")
    overrides = record["override_guards"].map { Self.overrides($0, with: decoder) } ?? []
    overridesPosition = record.keyPosition(of: "override_guards")
    maxParallel = record["max_parallel"].flatMap { decoder.integer($0, in: Self.parallels) }
    maxFailed = record["max_failed"].flatMap { MaxFailed(decoding: $0, with: decoder) }
    groupKeys = Self.groupKeyNames.compactMap { key in
      record.keyPosition(of: key).map { LocatedText(text: key, position: $0) }
    }
    if !overrides.isEmpty, record["approval"] == nil {
      decoder.diagnostics.error(
        .missingApproval, at: overridesPosition,
        "overriding a guard needs an approval", hint: "add approval: { prompt: … } to the step")
    }
  }

  private static func depends(_ node: YAMLNode, with decoder: NodeDecoder) -> [LocatedText]? {
    decoder.list(node, "a list of ids").map { decoder.distinct($0, "the id of a step") }
  }

  private static func overrides(_ node: YAMLNode, with decoder: NodeDecoder) -> [Override] {
    let items = decoder.nonEmptyList(node, "a list of { guard, reason }") ?? []
    var overrides: [Override] = []
    var seen: Set<String> = []
    for item in items {
      guard let record = decoder.record(item, keys: overrideKeys, "an override") else { continue }
      let reason = record.required("reason", hint: "why it is safe this time; the journal keeps it")
        .flatMap { decoder.nonEmptyString($0, "a reason") }
      guard let node = record.required("guard"),
        let id = decoder.nonEmptyString(node, "the name of a guard"), let reason
      else { continue }
      if !seen.insert(id).inserted {
        decoder.diagnostics.error(
          .duplicate, at: node.position, "the guard \(Quoted.text(id)) is overridden twice")
      }
      overrides.append(
        Override(guardID: LocatedText(text: id, position: node.position), reason: reason))
    }
    return overrides
  }
}

extension StepDocument.MaxFailed {
  fileprivate init?(decoding node: YAMLNode, with decoder: NodeDecoder) {
    if let text = node.scalar?.text, text.hasSuffix("%"),
      let percent = ScalarSyntax.integer(String(text.dropLast())), (0...100).contains(percent)
    {
      self = .percent(percent)
      return
    }
    guard let scalar = node.scalar, let count = ScalarSyntax.integer(scalar), count >= 0 else {
      decoder.refuse(node, expected: "how many hosts may fail, as 2 or 10%")
      return nil
    }
    self = .count(count)
  }
}

extension StepDocument.Retry {
  fileprivate init?(decoding node: YAMLNode, with decoder: NodeDecoder) {
    guard let record = decoder.record(node, keys: StepDocument.retryKeys, "a retry") else {
      return nil
    }
    limit = record.required("limit", hint: "how often to try again")
      .flatMap { decoder.integer($0, in: StepDocument.retryLimits) }
    position = node.position
    interval = record["interval"]
    backoff =
      record["backoff"].flatMap { decoder.integer($0, in: StepDocument.backoffs) } ?? 1
  }
}

extension StepDocument.Approval {
  fileprivate init?(decoding node: YAMLNode, with decoder: NodeDecoder) {
    guard let record = decoder.record(node, keys: StepDocument.approvalKeys, "an approval") else {
      return nil
    }
    required =
      record["required"].flatMap { decoder.integer($0, in: StepDocument.approvers) } ?? 1
    signed = record["signed"].flatMap { decoder.boolean($0) == true ? $0.position : nil }
    guard let prompt = record.required("prompt", hint: "the question that people answer") else {
      return nil
    }
    self.prompt = prompt
  }
}
