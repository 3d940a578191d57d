public import Runbook

/// `agents.check`
public struct AgentsCheck: Action {
  public static let schema = ActionSchema(
    name: "agents.check",
    summary:
      "Check that a scheduler's agents are online, and which jobs would end with the scheduler",
    discussion: """
      Asks the REST server that the host's `rest` in the inventory names for its agents. Those of `agents`, or all that it knows, must be
      online; one of them that it doesn't know is missing.

      Where the inventory says by `rest: { jobs: … }` how jobs are listed, those bound to the scheduler's own agent are listed too: they
      run on the scheduler's machine and end with it, while jobs on other agents survive. The own agent is `local_agent`: on a primary
      by default the name of its host, and on a secondary it must be `localhost`. A job bound to `localhost`, or to no agent, is taken
      for one of those. Such jobs are a finding, unless `allow_local_jobs` says that they may be.
      """,
    target: .host,
    parameters: [
      .init(
        "agents", .list(.string), default: "every agent that the server knows",
        "The agents that must be online"),
      .init(
        "allow_local_jobs", .boolean, default: "false",
        "Whether jobs may be bound to the scheduler's own agent"),
    ],
    effect: .checks, isForeseeable: false,
    facts: [
      .init(agents, "each agent's name, whether it is online, and its state"),
      .init(
        localJobs, "the jobs that would end with the scheduler; where the inventory says how to ask"
      ),
    ],
    example: """
      id: agents-are-online
      action: agents.check
      target: production.scheduler
      with: { allow_local_jobs: true }
      """)

  private static let agents = "agents"
  private static let localJobs = "local_jobs"
  /// A secondary's own agent.
  private static let anyScheduler = "localhost"

  private let server: SchedulerServer
  private let wanted: [String]?
  private let allowsLocalJobs: Bool

  public init(_ arguments: Arguments) throws {
    server = try SchedulerServer(arguments)
    wanted = arguments.strings("agents")
    allowsLocalJobs = arguments.boolean("allow_local_jobs") ?? false
  }

  private var subject: String { "agents@\(server.host.id)" }
  private var jobs: SchedulerREST.Jobs? { server.rest.jobs }

  // MARK: - Looking

  public func probe(_ observer: any Observer) async throws -> Observation {
    var facts = [try await fact(Self.agents) { try await readAgents(observer) }]
    if let jobs {
      facts.append(
        try await fact(Self.localJobs) { try await readLocalJobs(jobs, observer) })
    }
    return Observation(facts)
  }

  private func fact(
    _ property: String, _ read: () async throws -> [Value]
  ) async throws -> Fact {
    do {
      return Fact(subject, property, .list(try await read()))
    } catch {
      return Fact(subject, property, try Reading(gapFrom: error))
    }
  }

  private func readAgents(_ observer: any Observer) async throws -> [Value] {
    let found = try await records(at: SchedulerServer.agents, observer).map { agent in
      guard let name = agent["agentName"]?.text, let isOnline = agent["online"]?.boolean else {
        throw server.unexpected(SchedulerServer.agents, "an agent without agentName or online")
      }
      return (name, isOnline, agent["agentState"]?.text)
    }
    return found.sorted { $0.0 < $1.0 }.map { name, isOnline, state in
      [
        "name": .string(name), "online": .boolean(isOnline),
        "state": state.map(Value.string) ?? .null,
      ]
    }
  }

  private func readLocalJobs(
    _ jobs: SchedulerREST.Jobs, _ observer: any Observer
  ) async throws -> [Value] {
    let own = Set(["", Self.anyScheduler, jobs.localAgent.lowercased()])
    let found = try await records(at: jobs.path, observer).compactMap { job -> String? in
      guard let name = job[jobs.nameField]?.text, let agent = job[jobs.agentField],
        agent == .null || agent.text != nil
      else {
        throw server.unexpected(
          jobs.path, "a job without \(jobs.nameField) or \(jobs.agentField) as text")
      }
      return own.contains((agent.text ?? "").lowercased()) ? name : nil
    }
    return found.sorted().map(Value.string)
  }

  private func records(
    at path: String, _ observer: any Observer
  ) async throws -> [[String: RESTValue]] {
    guard let list = try await server.read(path, observer).list else {
      throw server.unexpected(path, "no list")
    }
    return try list.map { item in
      guard let record = item.record else {
        throw server.unexpected(path, "a list of something else")
      }
      return record
    }
  }

  // MARK: - Judging

  public func judge(_ observation: Observation) -> Verdict {
    guard let agents = observation[subject, Self.agents]?.list?.compactMap(\.mapping) else {
      return .unknown(observation.gap(subject, Self.agents) ?? "it was not asked")
    }
    let jobs = observation[subject, Self.localJobs]?.list?.compactMap(\.string)
    if !allowsLocalJobs, self.jobs != nil, jobs == nil {
      return .unknown(observation.gap(subject, Self.localJobs) ?? "it was not asked")
    }
    let told = jobs.flatMap {
      $0.isEmpty ? nil : "these jobs would end with it: \(Self.spoken($0))"
    }
    var wrong = troubles(with: agents)
    if !allowsLocalJobs, let told { wrong.append(told) }
    guard wrong.isEmpty else {
      return .needed("\(server.host.id): \(wrong.joined(separator: "; "))")
    }
    let online = "the agents of \(server.host.id) are online"
    return .satisfied(told.map { "\(online); \($0)" } ?? online)
  }

  private func troubles(with agents: [[String: Value]]) -> [String] {
    let known = Dictionary(
      agents.map { (($0["name"]?.string ?? "").lowercased(), $0) }, uniquingKeysWith: { $1 })
    let names = wanted ?? agents.compactMap { $0["name"]?.string }
    guard !names.isEmpty else { return ["it knows no agent"] }
    return names.compactMap { name in
      guard let agent = known[name.lowercased()] else { return "it knows no agent \(name)" }
      guard agent["online"]?.boolean == true else {
        let state = agent["state"]?.string.map { " (\($0))" } ?? ""
        return "the agent \(name) is not online\(state)"
      }
      return nil
    }
  }

  /// A few by name: the fact has them all.
  private static func spoken(_ names: [String]) -> String {
    let shown = names.prefix(10).joined(separator: ", ")
    return names.count > 10 ? "\(shown) and \(names.count - 10) more" : shown
  }
}
