public import Runbook

/// `witness.check`
public struct WitnessCheck: Action {
  public static let schema = ActionSchema(
    name: "witness.check",
    summary: "Check, by reading alone, that a witness of the journal could be given a checkpoint",
    discussion: """
      A directory must be there and writable for whoever runs Lifeboat; a program must be installed on this machine; a server
      must answer a GET with 2xx, or with 404 when it has no checkpoint yet. Whether it takes one, only giving it one shows:
      `lifeboat audit checkpoint` does.
      """,
    target: .none,
    parameters: [
      .init("witness", .string, default: "every witness of the inventory", "Which one")
    ],
    effect: .checks,
    facts: [.init(finding, "of each witness: `ready`, or what keeps it from taking a checkpoint")],
    example: """
      id: witnesses-listen
      action: witness.check
      """)

  private static let finding = "witness"
  private static let ready = "ready"

  private let witnesses: [Witness]

  public init(_ arguments: Arguments) throws {
    let all = arguments.inventory.witnesses
    let name = arguments.string("witness")
    witnesses = all.filter { name == nil || $0.name == name }
    if let name, witnesses.isEmpty {
      throw ActionError(
        "inventory.unknown_witness",
        "step \(arguments.step): the inventory has no witness '\(name)'",
        advice: "it has \(all.map(\.name).joined(separator: ", "))")
    }
  }

  private func subject(of witness: Witness) -> String { "witness:\(witness.name)" }

  public func probe(_ observer: any Observer) async throws -> Observation {
    Observation(
      try await witnesses.concurrentFacts { witness in
        let subject = subject(of: witness)
        do {
          let obstacle = try await obstacle(witness, observer)
          return [Fact(subject, Self.finding, .string(obstacle ?? Self.ready))]
        } catch {
          return [Fact(subject, Self.finding, try Reading(gapFrom: error))]
        }
      })
  }

  /// Nil when there is none.
  private func obstacle(
    _ witness: Witness, _ observer: any Observer
  ) async throws -> String? {
    switch witness.place {
    case .path(let directory):
      let status = try await observer.run(.status(ofFile: directory), on: .thisMachine)
      guard status.exitCode == 0, status.standardOutput.hasPrefix(DirectoryFacts.directory) else {
        return "\(directory) is no directory on this machine"
      }
      let writable = try await observer.run(.isWritable(directory), on: .thisMachine)
      return writable.exitCode == 0 ? nil : "\(directory) can't be written to"
    case .command(let command):
      let program = command.prefix(1)
      let missing = try await MissingPrograms(among: Array(program), on: .thisMachine)
        .find(observer)
      return missing.first.map { "this machine lacks \($0)" }
    case .http(let url, let authorization):
      let headers = authorization.map { ["Authorization": HTTPHeaderValue.secret($0)] } ?? [:]
      let answer = try await observer.fetch(HTTPLookup(url: url, headers: headers))
      let takesPart = (200..<300).contains(answer.status) || answer.status == 404
      return takesPart ? nil : "\(url) answers with status \(answer.status)"
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    let subjects = witnesses.map(subject)
    let obstacles = subjects.compactMap { observation[$0, Self.finding]?.string }
      .filter { $0 != Self.ready }
    if !obstacles.isEmpty { return .needed(obstacles.joined(separator: "; ")) }
    if let gap = observation.firstGap(subjects.map { FactKey($0, Self.finding) }) {
      return .unknown(gap)
    }
    return .satisfied(
      witnesses.isEmpty
        ? "the inventory names no witness"
        : "\(witnesses.map(\.name).joined(separator: ", ")) can be had")
  }
}
