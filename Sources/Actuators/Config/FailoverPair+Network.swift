import Runbook

// What the two hosts see of one another. A look counts for the name that it was for: a step before may set another.

extension FailoverPair {
  static func place(_ name: String, _ port: Int) -> String { "\(name):\(port)" }

  func networkFindings(_ side: SchedulerPair.Side) -> [PairFinding] {
    let names: [(FailoverElement, String)] = [
      (.primary, SchedulerPair.primaryAddresses), (.secondary, SchedulerPair.secondaryAddresses),
    ]
    return names.compactMap { lookup($0, $1, side) } + [connection(side)].compactMap { $0 }
  }

  private func name(_ element: FailoverElement, _ side: SchedulerPair.Side) -> String? {
    side.config.value(element, in: observation).flatMap { HostName.isOne($0) ? $0 : nil }
  }

  /// What was seen of `subject`; nil when it was not asked for, or not for that.
  private func seen(
    _ property: String, of subject: String, _ side: SchedulerPair.Side
  ) -> [String: Value]? {
    let fact = observation[side.subject, property]?.mapping
    return fact?["of"]?.string == subject ? fact : nil
  }

  private func unseen(
    _ code: String, _ property: String, of subject: String, _ side: SchedulerPair.Side
  ) -> PairFinding {
    let known = observation[side.subject, property] != nil
    let why = known ? nil : observation.gap(side.subject, property)
    return PairFinding(
      level: .unknown, code: code,
      words: "\(subject) was not looked at on \(side.host.id): "
        + (why ?? "the file did not name it"))
  }

  private func lookup(
    _ element: FailoverElement, _ property: String, _ side: SchedulerPair.Side
  ) -> PairFinding? {
    guard let name = name(element, side) else { return nil }
    guard let addresses = seen(property, of: name, side)?["addresses"]?.list else {
      return unseen("network.lookup", property, of: name, side)
    }
    guard !addresses.isEmpty else {
      return PairFinding(
        level: .problem, code: "network.no_address",
        words: "\(name) has no address on \(side.host.id): see its DNS and its hosts file")
    }
    let list = addresses.compactMap(\.string).joined(separator: ", ")
    return PairFinding(
      level: .good, code: "network.address", words: "\(name) is \(list) on \(side.host.id)")
  }

  /// Nil where something is wrong that was said already.
  private func connection(_ side: SchedulerPair.Side) -> PairFinding? {
    guard let name = name(side.partner, side),
      let port = side.config.value(.port, in: observation).flatMap(Self.port)
    else { return nil }
    let addresses =
      side.partner == .primary ? SchedulerPair.primaryAddresses : SchedulerPair.secondaryAddresses
    if seen(addresses, of: name, side)?["addresses"]?.list?.isEmpty == true { return nil }
    let place = Self.place(name, port)
    let answer = seen(SchedulerPair.partner, of: place, side)?["answer"]?.string
    switch answer.flatMap(NetworkLook.Answer.init) {
    case .open:
      return PairFinding(
        level: .good, code: "network.open", words: "\(side.host.id) reaches \(place)")
    case .refused:
      return PairFinding(
        level: .warning, code: "network.refused",
        words:
          "\(side.host.id) reaches \(name), and nothing listens at port \(port): look again when its "
          + "scheduler runs")
    case .silent, .failed:
      return PairFinding(
        level: .problem, code: "network.silent",
        words: "\(side.host.id) can't reach \(place): see the firewalls on the way")
    case nil: return unseen("network.connect", SchedulerPair.partner, of: place, side)
    }
  }
}
