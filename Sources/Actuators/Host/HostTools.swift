public import Runbook

/// `host.tools`
public struct HostTools: Action {
  public static let schema = ActionSchema(
    name: "host.tools",
    summary: "Check that programs are installed on a host",
    discussion: """
      A program with a `/` in its name must be an executable file; one without is looked for along the PATH that commands
      have there. Nothing is started but the look itself.
      """,
    target: .host,
    parameters: [
      .init("programs", .list(.string), required: true, "Names, or absolute paths")
    ],
    effect: .checks,
    facts: [.init(missing, "those that are not there")],
    example: """
      id: tools-are-there
      action: host.tools
      target: dr.scheduler
      with: { programs: [df, stat] }
      """)

  private static let missing = "missing_programs"

  private let host: Host
  private let programs: [String]

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    programs = arguments.strings("programs") ?? []
    guard !programs.isEmpty else {
      throw ActionError("host.no_programs", "step \(arguments.step): 'programs' is empty")
    }
  }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    do {
      let missing = try await MissingPrograms(among: programs, on: host).find(observer)
      return Observation([Fact(host.id, Self.missing, .list(missing.map(Value.string)))])
    } catch {
      return Observation([Fact(host.id, Self.missing, try Reading(gapFrom: error))])
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let missing = observation[host.id, Self.missing]?.list?.compactMap(\.string) else {
      return .unknown(observation.gap(host.id, Self.missing) ?? "it was not asked")
    }
    return missing.isEmpty
      ? .satisfied("\(host.id) has \(programs.joined(separator: ", "))")
      : .needed("\(host.id) lacks \(missing.joined(separator: ", "))")
  }
}

/// Which of some programs a host doesn't have.
struct MissingPrograms: Sendable {
  let programs: [String]
  let host: Host

  init(among programs: [String], on host: Host) {
    self.programs = programs
    self.host = host
  }

  func find(_ observer: any Observer) async throws -> [String] {
    let result = try await observer.run(.findPrograms(programs), on: host)
    let answers = result.standardOutput.split(separator: "\n")
    guard result.exitCode == 0, answers.count == programs.count else {
      throw ActionError(
        "host.tools", "\(host.id) did not say which programs it has: \(result.standardError)",
        advice: "see whether commands run there")
    }
    return zip(programs, answers).filter { $0.1 != "there" }.map(\.0)
  }
}
