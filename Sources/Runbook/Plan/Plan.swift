/// A runbook bound to sites and parameters: every value resolved, the order fixed. Its encoding is what the plan's digest
/// covers: two plans with one digest do the same to the same sites.
public struct Plan: Sendable, Hashable, Codable {
  public let runbook: String
  public let description: String
  public let runType: RunType
  public let objectives: Objectives
  public let parameters: [String: Value]
  public let prechecks: [PlannedStep]
  public let steps: [PlannedStep]
  public let inventory: Inventory

  public init(
    runbook: String, description: String, runType: RunType, objectives: Objectives,
    parameters: [String: Value], prechecks: [PlannedStep], steps: [PlannedStep],
    inventory: Inventory
  ) {
    self.runbook = runbook
    self.description = description
    self.runType = runType
    self.objectives = objectives
    self.parameters = parameters
    self.prechecks = prechecks
    self.steps = steps
    self.inventory = inventory
  }

  enum CodingKeys: String, CodingKey {
    case runbook, description, objectives, parameters, prechecks, steps, inventory
    case runType = "run_type"
  }

  /// The names of the sites that the plan touches: what its lease covers.
  public var sites: [String] { inventory.sites.map(\.name).sorted() }
}

public enum RunType: String, Sendable, Hashable, Codable, CaseIterable {
  case switchover, failover, failback, drill, install, upgrade
}

public struct Objectives: Sendable, Hashable, Codable {
  /// Recovery time, as written in the runbook: `15m`.
  public let rto: String?
  /// Recovery point: how much may be lost, as time.
  public let rpo: String?

  public init(rto: String? = nil, rpo: String? = nil) {
    self.rto = rto
    self.rpo = rpo
  }
}

/// Which step of the runbook a planned step is one host's part of. A step that targets a group becomes a planned step for
/// each of the group's hosts: `repoint` becomes `repoint@dr.agent-1` and so on.
public struct FanOut: Sendable, Hashable, Codable {
  public static let defaultMaxParallel = 10

  /// The step's id in the runbook: `depends` names it, and waits for all hosts.
  public let step: String
  /// The group's name in the inventory.
  public let group: String
  public let maxParallel: Int
  /// How many hosts may fail before no further ones are begun, and the step has failed.
  public let maxFailed: Int

  public init(step: String, group: String, maxParallel: Int, maxFailed: Int) {
    self.step = step
    self.group = group
    self.maxParallel = maxParallel
    self.maxFailed = maxFailed
  }

  /// The id of one host's part.
  public func id(on host: Host) -> String { "\(step)@\(host.id)" }

  enum CodingKeys: String, CodingKey {
    case step, group
    case maxParallel = "max_parallel"
    case maxFailed = "max_failed"
  }
}

/// One step of a plan.
public struct PlannedStep: Sendable, Hashable, Codable {
  public struct Retry: Sendable, Hashable, Codable {
    /// How often `act` may be tried again after a failure.
    public let limit: Int
    public let interval: String
    /// The interval's factor from one try to the next.
    public let backoff: Int

    public init(limit: Int, interval: String, backoff: Int) {
      self.limit = limit
      self.interval = interval
      self.backoff = backoff
    }
  }

  public struct Approval: Sendable, Hashable, Codable {
    public let prompt: String
    public let required: Int
    /// Whether only signed answers count, of all questions that the step asks; nil for no.
    public let signed: Bool?

    public init(prompt: String, required: Int, signed: Bool? = nil) {
      self.prompt = prompt
      self.required = required
      self.signed = signed
    }
  }

  public enum OnError: String, Sendable, Hashable, Codable, CaseIterable { case stop, `continue` }
  public enum OnUnreachable: String, Sendable, Hashable, Codable, CaseIterable {
    case fail, attest
  }

  public let id: String
  public let name: String
  public let action: String
  public let target: Target?
  public let arguments: [String: PlannedValue]
  public let when: Condition?
  /// Ids of the steps that must be done first, as the runbook calls them. Always written out, also where the runbook leaves it to the order.
  public let depends: [String]
  public let timeout: String
  public let retry: Retry?
  public let onError: OnError
  public let onUnreachable: OnUnreachable
  public let approval: Approval?
  /// Of a precheck: whether the run is refused unless it is satisfied.
  public let isCritical: Bool
  /// Reasons for overriding guards, by the guard's id.
  public let overriddenGuards: [String: String]
  /// Of a step that targets a group: what the hosts' parts have in common.
  public let fanOut: FanOut?
  /// True when the step is done also after another one has failed, as what cleans up; nil for no.
  private let always: Bool?

  public init(
    id: String, name: String, action: String, target: Target?,
    arguments: [String: PlannedValue], when: Condition? = nil, depends: [String] = [],
    timeout: String, retry: Retry? = nil, onError: OnError = .stop,
    onUnreachable: OnUnreachable = .fail, approval: Approval? = nil, isCritical: Bool = true,
    overriddenGuards: [String: String] = [:], fanOut: FanOut? = nil, isAlways: Bool = false
  ) {
    self.id = id
    self.name = name
    self.action = action
    self.target = target
    self.arguments = arguments
    self.when = when
    self.depends = depends
    self.timeout = timeout
    self.retry = retry
    self.onError = onError
    self.onUnreachable = onUnreachable
    self.approval = approval
    self.isCritical = isCritical
    self.overriddenGuards = overriddenGuards
    self.fanOut = fanOut
    always = isAlways ? true : nil
  }

  public var isAlways: Bool { always ?? false }

  /// What the runbook calls it: of a host's part of a fan-out, the id of the whole.
  public var runbookID: String { fanOut?.step ?? id }

  enum CodingKeys: String, CodingKey {
    case id, name, action, target, arguments, when, depends, timeout, retry, approval, always
    case onError = "on_error"
    case onUnreachable = "on_unreachable"
    case isCritical = "critical"
    case overriddenGuards = "overridden_guards"
    case fanOut = "fan_out"
  }
}
