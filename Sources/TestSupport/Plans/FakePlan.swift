public import Runbook

/// Makes plans for a `FakeWorld`: two sites, `production` and `dr`, each with a host `scheduler`.
public enum FakePlan {
  /// The host that steps work on unless said otherwise.
  public static let host = "dr.scheduler"
  public static let otherHost = "production.scheduler"

  /// Where a fake host keeps its properties.
  static let factDirectory = "/facts/"
  /// Faults scripted for this property befall the writing and removing of probe files.
  public static let probeFile = "probe-file"

  public static let inventory = Inventory(
    sites: ["dr", "production"].map { site in
      Site(
        name: site, hosts: [Host(site: site, name: "scheduler", connection: .local)])
    })

  /// A host of the `dr` site, for fan-outs.
  public static func agent(_ number: Int) -> Host {
    Host(site: "dr", name: "agent-\(number)", connection: .local)
  }

  /// A plan in which `step` is done on so many agents, and then `next`.
  public static func make(
    fanOut step: FakeStep, as fanOut: FanOut, hosts: Int, then next: FakeStep
  ) -> Plan {
    let agents = (1...hosts).map(agent)
    let parts = agents.map { step.planned(after: [], on: $0, as: fanOut) }
    let inventory = Inventory(
      sites: inventory.sites.map { site in
        Site(name: site.name, hosts: site.hosts + agents.filter { $0.site == site.name })
      }, groups: [HostGroup(name: fanOut.group, hosts: agents.map(\.id))])
    return Plan(
      runbook: "fake", description: "A plan for tests", runType: .drill,
      objectives: Objectives(), parameters: [:], prechecks: [],
      steps: parts + [next.planned(after: [step.id])], inventory: inventory)
  }

  /// A plan of these steps. A step made without `depends` depends on the one before it, as a runbook's do.
  public static func make(
    _ steps: [FakeStep], prechecks: [FakeStep] = [], runbook: String = "fake"
  ) -> Plan {
    let planned = steps.enumerated().map { index, step in
      step.planned(after: index == 0 ? [] : [steps[index - 1].id])
    }
    return Plan(
      runbook: runbook, description: "A plan for tests", runType: .drill,
      objectives: Objectives(), parameters: [:],
      prechecks: prechecks.map { $0.planned(after: []) }, steps: planned, inventory: inventory)
  }
}

/// A step in the making; what isn't set is as simple as it can be.
public struct FakeStep: Sendable {
  public var id: String
  public var action: String
  /// Nil for a gate.
  public var host: String? = FakePlan.host
  public var arguments: [String: PlannedValue]
  public var when: Condition?
  /// Nil: the step before it.
  public var depends: [String]?
  public var timeout = "1m"
  public var retry: PlannedStep.Retry?
  public var onError = PlannedStep.OnError.stop
  public var onUnreachable = PlannedStep.OnUnreachable.fail
  public var approval: PlannedStep.Approval?
  public var isCritical = true
  public var overriddenGuards: [String: String] = [:]
  public var isAlways = false

  /// A step that wants its host's property of the step's own name to be `done`.
  public init(
    _ id: String, _ action: String = "fake.change", value: String = "done",
    _ adjust: (inout FakeStep) -> Void = { _ in }
  ) {
    self.id = id
    self.action = action
    arguments = ["property": .value(.string(id)), "value": .value(.string(value))]
    adjust(&self)
  }

  /// A step that asks people.
  public static func gate(
    _ id: String, _ action: String, prompt: String, required: Int = 1,
    _ arguments: [String: PlannedValue] = [:]
  ) -> FakeStep {
    FakeStep(id, action) { step in
      step.host = nil
      step.arguments = arguments.merging(
        ["prompt": .value(.string(prompt)), "required": .value(.integer(required))]
      ) { $1 }
    }
  }

  /// A `fake.guarded` step: only while a property of the other host has the value.
  public static func guarded(
    _ id: String, property: String, is value: String, _ adjust: (inout FakeStep) -> Void = { _ in }
  ) -> FakeStep {
    FakeStep(id, "fake.guarded") { step in
      step.arguments["guard_host"] = .value(.string(FakePlan.otherHost))
      step.arguments["guard_property"] = .value(.string(property))
      step.arguments["guard_value"] = .value(.string(value))
      adjust(&step)
    }
  }

  func planned(
    after before: [String], on part: Host? = nil, as fanOut: FanOut? = nil
  ) -> PlannedStep {
    let host = part ?? host.flatMap { FakePlan.inventory.host($0) }
    return PlannedStep(
      id: part.flatMap { fanOut?.id(on: $0) } ?? id, name: "Step \(id)", action: action,
      target: host.map { .host($0) },
      arguments: arguments, when: when, depends: depends ?? before, timeout: timeout,
      retry: retry, onError: onError, onUnreachable: onUnreachable, approval: approval,
      isCritical: isCritical, overriddenGuards: overriddenGuards, fanOut: fanOut,
      isAlways: isAlways)
  }
}

extension PlannedValue: ExpressibleByStringLiteral {
  public init(stringLiteral value: String) { self = .value(.string(value)) }
}

extension Condition {
  /// `${steps.STEP.PROPERTY} == value`
  public static func step(_ step: String, _ property: String, is value: String) -> Condition {
    let reference = StepReference(step: step, property: property)
    return Condition(
      text: "\(reference) == \(value)",
      comparisons: [
        Comparison(left: .later(reference), isEqual: true, right: .value(.string(value)))
      ])
  }
}
