public import Runbook

/// `fence.attest`
public struct FenceAttest: GateAction {
  public static let schema = ActionSchema(
    name: "fence.attest",
    summary: "Wait until a person vouches that a host or a whole site is fenced",
    discussion: """
      For a fence that no command can set or see: a breaker thrown by hand, a server room without power, a call to the data
      centre. The person vouches that no scheduler runs there and that none comes back by itself; who, when and with which
      words is in the journal.

      While a host can't be asked, that satisfies the guards that demand its scheduler to be stopped. It ends when the
      host answers: then it is asked itself. It ends after 15 minutes, too.
      """,
    target: .none,
    parameters: [
      .init("site", .site, "The site whose hosts are fenced; either this or `host`"),
      .init("host", .host, "The host that is fenced"),
      .init("statement", .string, "What the person vouches for, in words of the author's"),
      GateArguments.signed,
      .init("required", .integer, default: "1", "How many different people must vouch"),
    ],
    effect: .asks,
    defaultTimeout: .seconds(86_400),
    facts: [.init(FactName.fenced, "of each host: true")],
    example: """
      id: production-is-fenced
      action: fence.attest
      with: { site: production, statement: The breakers of production are thrown and locked. }
      """)

  public let question: Question

  public init(_ arguments: Arguments) throws {
    let (name, hosts) = try Self.fenced(arguments)
    question = Question(
      .attest,
      prompt: arguments.string("statement")
        ?? "Do you vouch that \(name) is fenced: no scheduler runs there, and none comes back by itself?",
      required: try GateArguments.required(arguments),
      facts: hosts.map { Fact($0.id, FactName.fenced, .value(true), source: .attested) },
      isSigned: try GateArguments.isSigned(arguments))
  }

  private static func fenced(_ arguments: Arguments) throws -> (name: String, hosts: [Host]) {
    switch (arguments.string("site"), arguments.string("host")) {
    case (let site?, nil):
      guard let site = arguments.inventory.site(site) else {
        throw ActionError(
          "inventory.unknown_site", "step \(arguments.step): the inventory has no site '\(site)'")
      }
      return (site.name, site.hosts)
    case (nil, let host?): return (host, [try arguments.host(named: host)])
    default:
      throw ActionError(
        "fence.what", "step \(arguments.step): exactly one of site and host is needed",
        advice: "name the site whose hosts are all fenced, or the one host")
    }
  }

  public func probe(_ observer: any Observer) async throws -> Observation { Observation() }

  public func judge(_ observation: Observation) -> Verdict { .needed(question.prompt) }

  public func predict(_ observation: Observation) -> Observation? { Observation(question.facts) }
}
