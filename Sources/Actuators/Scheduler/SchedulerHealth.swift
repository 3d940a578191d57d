public import Runbook

/// `scheduler.health`
public struct SchedulerHealth: Action {
  public static let schema = ActionSchema(
    name: "scheduler.health",
    summary: "Check by its REST server that a scheduler answers, and is active or not",
    discussion: """
      Logs in at the REST server that the host's `rest` in the inventory names, and asks how the server is, whether the
      scheduler is the active one and, where `version` is given, which version it is. The account needs to see no more than that.

      Which severities a server's status can have is not published: without `severities` any is right, and the report has it. Where a
      version is told isn't published either, so that `version` needs `rest: { version: … }` in the inventory.

      It looks once: in a step after `service.start` give it a `retry`, as a scheduler takes a while to be there. A rehearsal can't foresee
      what one that is stopped will say.

      A server that can't be reached, or doesn't let the account in, is "cannot tell". Of a scheduler that is meant to be stopped ask
      `service.status` instead: what is stopped doesn't answer.
      """,
    target: .host,
    parameters: [
      .init("active", .boolean, default: "true", "Whether the scheduler should be the active one"),
      .init(
        "severities", .list(.string), default: "any",
        "The severities of the server's status that are right"),
      .init("version", .string, default: "any", "The version that the server should have"),
    ],
    effect: .checks, isForeseeable: false,
    facts: [
      .init(severity, "of the server's status"),
      .init(message, "of the server's status", motion: .moves),
      .init(isActive, "whether the scheduler is the active one"),
      .init(version, "of the server; where one is asked for"),
    ],
    example: """
      id: production-is-active
      action: scheduler.health
      target: production.scheduler
      with: { active: true }
      """)

  private static let severity = "server_severity"
  private static let message = "server_message"
  private static let isActive = "scheduler_active"
  private static let version = "server_version"

  private let server: SchedulerServer
  private let shouldBeActive: Bool
  private let severities: [String]?
  private let wantedVersion: String?

  public init(_ arguments: Arguments) throws {
    server = try SchedulerServer(arguments)
    shouldBeActive = arguments.boolean("active") ?? true
    severities = arguments.strings("severities")
    wantedVersion = arguments.string("version")
    guard wantedVersion == nil || server.rest.version != nil else {
      throw ActionError(
        "inventory.no_rest_version",
        "step \(arguments.step): the inventory doesn't say where \(server.host.id) tells its version",
        advice: "add 'version: { path: … }' to the host's 'rest'")
    }
  }

  private var subject: String { server.subject }

  private var properties: [String] {
    [Self.severity, Self.message, Self.isActive] + (wantedVersion == nil ? [] : [Self.version])
  }

  public func probe(_ observer: any Observer) async throws -> Observation {
    var seen = Observation()
    do {
      let status = try await server.read(SchedulerServer.status, observer)
      guard let severity = status.record?["severity"]?.text,
        let message = status.record?["message"]?.text
      else {
        throw server.unexpected(SchedulerServer.status, "no message and severity")
      }
      seen.state(subject, Self.severity, .string(severity))
      seen.state(subject, Self.message, .string(message))
      let active = try await server.read(SchedulerServer.active, observer)
      guard let isActive = active.boolean else {
        throw server.unexpected(SchedulerServer.active, "neither true nor false")
      }
      seen.state(subject, Self.isActive, .boolean(isActive))
      if wantedVersion != nil, let place = server.rest.version {
        seen.state(subject, Self.version, .string(try await readVersion(at: place, observer)))
      }
    } catch {
      let gap = try Reading(gapFrom: error)
      for property in properties where seen[FactKey(subject, property)] == nil {
        seen.state(Fact(subject, property, gap))
      }
    }
    return seen
  }

  private func readVersion(
    at place: SchedulerREST.Version, _ observer: any Observer
  ) async throws -> String {
    let answer = try await server.read(place.path, observer)
    let told = place.field.map { answer.record?[$0] } ?? answer
    guard let version = told?.text else {
      throw server.unexpected(place.path, "no version as text")
    }
    return version
  }

  public func judge(_ observation: Observation) -> Verdict {
    if let gap = observation.firstGap(properties.map { FactKey(subject, $0) }) {
      return .unknown(gap)
    }
    let said = observation[subject, Self.severity]?.string ?? ""
    let isActive = observation[subject, Self.isActive]?.boolean
    var wrong: [String] = []
    if let severities, !severities.contains(said) {
      let words = observation[subject, Self.message]?.string ?? ""
      wrong.append("its status is \(said): \(words)")
    }
    if isActive != shouldBeActive {
      wrong.append("its scheduler is \(shouldBeActive ? "not active" : "active")")
    }
    if let wantedVersion, let seen = observation[subject, Self.version]?.string,
      seen != wantedVersion
    {
      wrong.append("it is version \(seen), not \(wantedVersion)")
    }
    guard wrong.isEmpty else {
      return .needed("\(server.host.id) answers, but \(wrong.joined(separator: "; "))")
    }
    return .satisfied(
      "\(server.host.id) answers (\(said)), and its scheduler is \(shouldBeActive ? "" : "not ")active"
    )
  }
}
