public import Runbook

/// `queue.permission`
public struct QueuePermission: ActingAction {
  public static let schema = ActionSchema(
    name: "queue.permission",
    summary: "Let accounts send to private queues of MSMQ, or take that from them",
    discussion: """
      Each of two schedulers must accept the other's messages: on each, the other's machine account (`EXAMPLE\\JAMS-2$`), or the
      domain account that the services run under, needs the right Send on `jamsrequests` and `jamsrequestssubmitcancel`.

      What counts is the account's own entry in the queue's access list, not what it may have through a group, as Everyone: that
      can change without anybody thinking of the scheduler. One that is denied explicitly is not granted over it: the
      step is blocked.

      A queue that isn't there is "cannot tell": the scheduler makes it when it first runs. In a step after `service.start` give it a `retry`.

      The cmdlets of the module MSMQ are used, which comes with that feature of Windows. Taking Send away takes away all that the account's entry
      allows, as the queue's own tools do; so an abort undoes it only for accounts that had no entry before.
      """,
    target: .host,
    parameters: [
      .init("accounts", .list(.string), required: true, #"As EXAMPLE\JAMS-2$, or EXAMPLE\jams"#),
      .init(
        "queues", .list(.string), default: "jamsrequests, jamsrequestssubmitcancel",
        "Names of private queues"),
      .init("granted", .boolean, default: "true", "false: take it from them"),
    ],
    effect: .changes,
    worksAsPrecheck: true,
    reversibility: .reversible(by: "queue.permission"),
    facts: [
      .init(queue, "whether the queue is present or missing"),
      .init(send, "of an account: `granted`, `denied`, or `none` when its own entry says neither"),
      .init(listed, "of an account: whether the access list has an entry of its own for it"),
    ],
    example: #"""
      id: queues-accept-dr
      action: queue.permission
      target: production.scheduler
      with: { accounts: ['EXAMPLE\JAMS-2$'] }
      """#)

  private static let queue = "queue"
  private static let send = "queue_send"
  private static let listed = "queue_listed"
  private static let granted = "granted"
  private static let denied = "denied"
  private static let none = "none"
  private static let present = "present"
  private static let missing = "missing"

  private let host: Host
  private let queues: [String]
  private let accounts: [String]
  private let isGranted: Bool

  public init(_ arguments: Arguments) throws {
    host = try arguments.host()
    let step = arguments.step
    accounts = arguments.strings("accounts") ?? []
    queues = arguments.strings("queues") ?? ["jamsrequests", "jamsrequestssubmitcancel"]
    isGranted = arguments.boolean("granted") ?? true
    guard !accounts.isEmpty, !queues.isEmpty else {
      throw ActionError("queue.none", "step \(step): it names no account, or no queue")
    }
    for account in accounts where account.wholeMatch(of: Self.accountShape) == nil {
      throw ActionError(
        "queue.account", "step \(step): '\(account)' is no account of a domain",
        advice: #"write it as EXAMPLE\JAMS-2$, or EXAMPLE\jams"#)
    }
    for queue in queues where queue.wholeMatch(of: /[A-Za-z0-9][A-Za-z0-9._-]{0,123}/) == nil {
      throw ActionError(
        "queue.name", "step \(step): '\(queue)' can't be a private queue's name",
        advice: #"write it without private$\"#)
    }
  }

  /// Without the signs that Windows allows in no account's name.
  private static var accountShape: Regex<Substring> {
    /[A-Za-z0-9][A-Za-z0-9.-]{0,62}\\[^"\/\\\[\]:;|=,+*?<>@\u{0}-\u{1F}]{1,104}/
  }

  private func subject(_ queue: String) -> String { "queue:\(queue)@\(host.id)" }

  private func subject(_ queue: String, _ account: String) -> String {
    "\(subject(queue))/\(account)"
  }

  public var destinations: [Destination] { [.host(host)] }

  // MARK: - Looking

  public func probe(_ observer: any Observer) async throws -> Observation {
    guard host.isWindows else { return Observation() }
    do {
      let lists = try await QueueAccess(host: host).lists(of: queues, observer)
      return Observation(zip(queues, lists).flatMap(facts))
    } catch {
      let gap = try Reading(gapFrom: error)
      return Observation(
        queues.flatMap { queue in
          [Fact(subject(queue), Self.queue, gap)]
            + accounts.flatMap { account in
              [Self.send, Self.listed].map { Fact(subject(queue, account), $0, gap) }
            }
        })
    }
  }

  private func facts(of queue: String, _ entries: [QueueAccess.Entry]?) -> [Fact] {
    guard let entries else {
      let absent = Reading.unknown("\(host.id) has no private queue \(queue)")
      return [Fact(subject(queue), Self.queue, .string(Self.missing))]
        + accounts.flatMap { account in
          [Self.send, Self.listed].map { Fact(subject(queue, account), $0, absent) }
        }
    }
    return [Fact(subject(queue), Self.queue, .string(Self.present))]
      + accounts.flatMap { account in
        let own = entries.filter { $0.account.lowercased() == account.lowercased() }
        let maySend = own.filter(\.concernsSending)
        let send =
          maySend.contains { !$0.isAllowing }
          ? Self.denied : maySend.isEmpty ? Self.none : Self.granted
        return [
          Fact(subject(queue, account), Self.send, .string(send)),
          Fact(subject(queue, account), Self.listed, .boolean(!own.isEmpty)),
        ]
      }
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard host.isWindows else {
      return .blocked("\(host.id) is no Windows host: MSMQ is a part of Windows")
    }
    for queue in queues {
      guard let standing = observation[subject(queue), Self.queue]?.string else {
        return .unknown(observation.gap(subject(queue), Self.queue) ?? "it was not asked")
      }
      guard standing == Self.present else {
        // An earlier step may start the scheduler: nothing is known of a queue that isn't there yet.
        return .unknown(
          "\(host.id) has no private queue \(queue): its scheduler makes it, when it first runs")
      }
    }
    for (queue, account) in places {
      guard let send = observation[subject(queue, account), Self.send]?.string else {
        return .unknown(
          observation.gap(subject(queue, account), Self.send) ?? "it was not asked")
      }
      if isGranted, send == Self.denied {
        return .blocked(
          "\(account) is denied to send to \(queue) on \(host.id): take the denial out of its access list by hand"
        )
      }
    }
    let open = open(observation)
    let verb = isGranted ? "may send" : "may not send by an entry of its own"
    return open.isEmpty
      ? .satisfied("\(list(accounts)) \(verb) to \(list(queues)) on \(host.id)")
      : .needed(open.map { words($0.queue, $0.account) }.joined(separator: "; "))
  }

  private func list(_ names: [String]) -> String { names.joined(separator: " and ") }

  private func words(_ queue: String, _ account: String) -> String {
    isGranted
      ? "let \(account) send to \(queue) on \(host.id)"
      : "take from \(account) what lets it send to \(queue) on \(host.id)"
  }

  private var places: [(queue: String, account: String)] {
    queues.flatMap { queue in accounts.map { (queue, $0) } }
  }

  /// Where it isn't so yet.
  private func open(_ observation: Observation) -> [(queue: String, account: String)] {
    places.filter { queue, account in
      let isAllowed = observation[subject(queue, account), Self.send]?.string == Self.granted
      return isAllowed != isGranted
    }
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    for (queue, account) in open(observation) {
      result.state(
        subject(queue, account), Self.send, .string(isGranted ? Self.granted : Self.none))
      if isGranted { result.state(subject(queue, account), Self.listed, true) }
    }
    return result
  }

  // MARK: - Acting

  public func operations(given observation: Observation) -> [Operation] {
    open(observation).map { Operation(.command(command($0.queue, $0.account), on: host)) }
  }

  private func command(_ queue: String, _ account: String) -> Command {
    Command(
      isGranted ? .allowSending : .revokeSending,
      ["queue": .string(queue), "account": .string(account)])
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let open = open(observation)
    for (queue, account) in open {
      let result = try await `operator`.run(command(queue, account), on: host)
      guard result.exitCode == 0 else {
        throw ActionError(
          "queue.failed", "\(host.id) can't \(words(queue, account)): \(result.standardError)",
          advice:
            "see that the account exists, and that Lifeboat's may change the queue's permissions")
      }
    }
    return Evidence(["done": .list(open.map { .string(words($0.queue, $0.account)) })])
  }

  public var undoability: Undoability {
    isGranted
      ? .exact(by: Self.schema.name)
      : .inexact("what the account's entry allowed besides is not known any more")
  }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    guard isGranted else { return nil }
    var taken: [(queue: String, accounts: [String])] = []
    for queue in queues {
      var new: [String] = []
      for account in accounts {
        let subject = subject(queue, account)
        guard let sent = before[subject, Self.send]?.string,
          let wasListed = before[subject, Self.listed]?.boolean
        else { return nil }
        if now[subject, Self.send]?.string == sent { continue }
        guard !wasListed else { return nil }
        new.append(account)
      }
      if !new.isEmpty { taken.append((queue, new)) }
    }
    return taken.map { queue, accounts in
      UndoStep(
        Self.schema.name, .host(host),
        [
          "queues": .list([.string(queue)]), "accounts": .list(accounts.map(Value.string)),
          "granted": false,
        ])
    }
  }
}
