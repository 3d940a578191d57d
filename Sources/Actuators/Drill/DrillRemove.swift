public import Runbook

/// `drill.remove`
public struct DrillRemove: ActingAction {
  public static let schema = ActionSchema(
    name: "drill.remove",
    summary:
      "End a drill's scheduler, remove all that the drill made, and see that nothing is left",
    discussion: """
      Stops the services of the drill's host that still run, and the copy's server if it has one; removes the throw-away copy
      and the drill's job logs, and then the directory. Only files that a drill makes are removed, and only from a directory
      with a drill's mark; anything else in it is left, and named. No link is followed. Satisfied when the services are down
      and the directory is gone.

      With `ask: true` a person must consent where there is something to remove: what an earlier drill left, or what another
      one, under way from elsewhere, works on.
      """,
    target: .databaseAtSite,
    parameters: [
      .init(
        "ask", .boolean, default: "false", "Whether a person is asked before anything is removed")
    ],
    effect: .changes,
    facts: DrillDirectory.fileNotes + [
      .init("state", "of the services of the drill's host"),
      .init("start_type", "of these services"),
      SchedulerServices.fencedNote,
    ],
    example: """
      id: remove-drill
      action: drill.remove
      target: scheduler@dr.drill
      always: true
      """)

  private let directory: DrillDirectory
  private let asks: Bool
  private let services: DrillServices

  public init(_ arguments: Arguments) throws {
    directory = try arguments.drillDirectory()
    asks = arguments.boolean("ask") ?? false
    services = try DrillServices(of: directory.host)
  }

  private var host: Host { directory.host }

  public var destinations: [Destination] { [.host(host)] }
  public var needs: [ProgramNeed] { services.needs }

  public func probe(_ observer: any Observer) async throws -> Observation {
    async let files = directory.observe(observer)
    async let states = services.observe(observer)
    return Observation(try await files + states)
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = services.gap(observation) { return .unknown(gap) }
    let running = services.running(observation)
    switch directory.state(observation) {
    case .unknown(let why): return .unknown(why)
    case .foreign(let why): return .blocked("\(why): it is left alone; see what it is")
    case .clear where running.isEmpty && !directory.isThere(observation):
      return .satisfied("no drill has left anything on \(host.id)")
    case .clear, .marked:
      let stopping = running.isEmpty ? "" : "stop \(running.joined(separator: ", ")), then "
      return .needed("\(stopping)remove \(directory.path) on \(host.id)")
    }
  }

  public func consent(for observation: Observation) -> Question? {
    guard asks else { return nil }
    return Question(
      .consent,
      prompt:
        "\(directory.path) on \(host.id) was left by a drill, or another drill works on it now. "
        + "End and remove it?")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    result.state(directory.copy.subject, DrillDirectory.files, .null)
    result.state(directory.copy.subject, DrillDirectory.mark, .null)
    services.predictStopped(observation, in: &result)
    return result
  }

  private func removals(_ observation: Observation) -> [Command] {
    guard directory.isThere(observation) else { return [] }
    guard case .marked = directory.state(observation) else { return [directory.removeDirectory] }
    return [directory.removeContents, directory.removeMark, directory.removeDirectory]
  }

  public func operations(given observation: Observation) -> [Operation] {
    services.operations(observation)
      + removals(observation).map { Operation(.command($0, on: host)) }
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let stopped = services.running(observation)
    try await services.stop(stopped, by: `operator`)
    for command in removals(observation) { try await directory.run(command, by: `operator`) }
    return Evidence([
      "stopped": .list(stopped.map(Value.string)), "removed": .string(directory.path),
    ])
  }
}
