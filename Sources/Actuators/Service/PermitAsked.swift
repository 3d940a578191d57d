public import Runbook

/// `permit.asked`
public struct PermitAsked: Action {
  public static let schema = ActionSchema(
    name: "permit.asked",
    summary: "See which permit a host's units ask for before they start, and where",
    discussion: """
      A unit of systemd may ask `lifeboat permit` in its `ExecCondition`. It must ask for its own site: with another's answer
      it would start, or stay down, when it must not. Where it asks stands in the facts, with the address that the host's own
      ssh client makes of it; a machine that is gone permits nobody.

      Units that ask nothing, and service managers that know no conditions, as Windows', are satisfied.
      """,
    target: .host,
    effect: .checks,
    facts: [
      .init(questions, "the commands by which its units ask"),
      .init(FactName.permitMachines, "whom they ask, and at which address"),
    ],
    example: """
      id: asks-for-its-site
      action: permit.asked
      target: dr.scheduler
      """)

  private static let questions = "permit_questions"

  private let host: Host

  public init(_ arguments: Arguments) throws { host = try arguments.host() }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    guard case .systemd? = host.serviceManager, !host.services.isEmpty else {
      return Observation([
        Fact(host.id, Self.questions, []), Fact(host.id, FactName.permitMachines, []),
      ])
    }
    do {
      let result = try await observer.run(.showStartConditions(of: host.services), on: host)
      guard result.exitCode == 0 else {
        throw ActionError(
          "service.answer", "systemd of \(host.id) did not show its units: \(result.standardError)",
          advice: "see whether systemctl works there")
      }
      let questions = PermitQuestion.all(in: result.standardOutput)
      return Observation([
        Fact(host.id, Self.questions, .list(questions.map { .string($0.text) })),
        Fact(host.id, FactName.permitMachines, try await machines(asked: questions, observer)),
      ])
    } catch {
      let gap = try Reading(gapFrom: error)
      return Observation([Self.questions, FactName.permitMachines].map { Fact(host.id, $0, gap) })
    }
  }

  private func machines(
    asked questions: [PermitQuestion], _ observer: any Observer
  ) async throws -> Reading {
    var machines: [String] = []
    for destination in Set(questions.compactMap(\.destination)).sorted() {
      let route = SSHSettings(destination: destination)
      let said = try await observer.run(.sshRoute(to: route), on: host)
      let address = said.standardOutput.split(separator: "\n")
        .first { $0.hasPrefix("hostname ") }?.dropFirst("hostname ".count)
      machines += [destination] + (address.map { [String($0)] } ?? [])
    }
    return .value(.list(machines.map(Value.string)))
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let texts = observation[host.id, Self.questions]?.list?.compactMap(\.string) else {
      return .unknown(observation.gap(host.id, Self.questions) ?? "it was not asked")
    }
    let others = texts.filter { PermitQuestion($0).site != host.site }
    if let other = others.first {
      return .needed("a unit of \(host.id) asks for another site's permit: \(other)")
    }
    return .satisfied(
      texts.isEmpty
        ? "the units of \(host.id) ask for no permit"
        : "the units of \(host.id) ask for the permit of \(host.site)")
  }
}

/// `lifeboat permit …`, as a unit's condition runs it.
private struct PermitQuestion {
  let text: String
  private let words: [String]

  init(_ text: String) {
    self.text = text
    words = text.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// What `systemctl show` prints of conditions: `ExecCondition={ path=… ; argv[]=PROGRAM ARGUMENTS ; ignore_errors=… }`.
  static func all(in shown: String) -> [PermitQuestion] {
    shown.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("ExecCondition="), let start = line.firstRange(of: "argv[]="),
        let end = line[start.upperBound...].firstRange(of: " ; ")
      else { return nil }
      let question = PermitQuestion(String(line[start.upperBound..<end.lowerBound]))
      let isOurs = question.words.first?.hasSuffix("lifeboat") == true
      return isOurs && question.words.contains("permit") ? question : nil
    }
  }

  var site: String? { value(of: "--site") }
  var destination: String? { value(of: "--ask") }

  private func value(of option: String) -> String? {
    if let place = words.firstIndex(of: option), place + 1 < words.count {
      return words[place + 1]
    }
    return words.first { $0.hasPrefix(option + "=") }.map { String($0.dropFirst(option.count + 1)) }
  }
}
