import Runbook

// The exchange under the account of a service: on Windows hosts, where Lifeboat's own account proves nothing about it.

extension PathShared {
  static let serviceAccount = "service_account"

  /// Whether the exchange works there as the service's account.
  func isByService(_ place: ShareExchange.Place) -> Bool {
    service != nil && place.host.isWindows
  }

  /// What the service's account saw there is remembered beside the share, where Lifeboat's own account can read it.
  func serviceFacts(
    at place: ShareExchange.Place, _ observer: any Observer
  ) async throws -> [Fact] {
    let subject = subject(at: place)
    do {
      let account = try await account(at: place, observer)
      let record = try await ShareMarker.read(recordPath(of: place), on: place.host, observer)
      // What another account saw before says nothing of this one.
      let marker = record?.account == account ? record : nil
      return [Fact(subject, Self.serviceAccount, .string(account))] + markerFacts(marker, subject)
    } catch {
      let gap = try Reading(gapFrom: error)
      return [Self.serviceAccount, Self.marker, Self.markerAt].map { Fact(subject, $0, gap) }
    }
  }

  private func recordPath(of place: ShareExchange.Place) -> String {
    HostPath.joined(
      ShareMarker.recordDirectory, ShareMarker.recordName(for: place.directory), on: place.host)
  }

  private func account(
    at place: ShareExchange.Place, _ observer: any Observer
  ) async throws -> String {
    let service = service ?? ""
    let result = try await observer.run(
      .showServices([service], of: .windows), on: place.host)
    guard result.exitCode == 0,
      let found = WindowsService.services(in: result.standardOutput)?.first
    else {
      throw ActionError(
        "service.failed", "\(place.host.id) can't show \(service): \(result.standardError)",
        advice: "see the account's rights")
    }
    guard let account = found?.account else {
      throw ActionError(
        "service.unknown", "\(place.host.id) has no service \(service)",
        advice: "compare the name with those of the host's services (not what is displayed)")
    }
    return account
  }

  /// Nil when nothing stands in the way of a task under that account.
  func obstacle(at place: ShareExchange.Place, _ observation: Observation) -> Verdict? {
    guard let account = observation[subject(at: place), Self.serviceAccount]?.string else {
      return .unknown(
        observation.gap(subject(at: place), Self.serviceAccount) ?? "it was not asked")
    }
    guard ServiceAccount(account) != nil else {
      return .blocked(
        "\(service ?? "") on \(place.host.id) runs as \(account), whose password a task would need: "
          + "see by hand that it can write in \(place.directory), or let the service run under a group-managed account"
      )
    }
    return nil
  }

  func hand(
    at place: ShareExchange.Place, _ operator: any Operator, given observation: Observation
  ) throws -> any ShareHand {
    guard isByService(place) else {
      return LoginHand(place: place, files: `operator`, observer: `operator`.observer)
    }
    let name = observation[subject(at: place), Self.serviceAccount]?.string ?? ""
    guard let account = ServiceAccount(name) else {
      throw ActionError(
        "path.service_account",
        "no task can run as '\(name)', the account of \(service ?? "") on \(place.host.id)")
    }
    return ServiceHand(place: place, account: account, capability: `operator`)
  }

  /// On every host whose service saw it, and in the directory, where an account of Lifeboat's saw it.
  func leaveProof(
    _ id: String, _ operator: any Operator, given observation: Observation
  ) async throws -> ShareMarker {
    let now = `operator`.observer.time.now()
    for place in places where isByService(place) {
      let account = observation[subject(at: place), Self.serviceAccount]?.string
      try await leave(
        ShareMarker(id: id, provenAt: now, account: account), in: ShareMarker.recordDirectory,
        as: recordPath(of: place), on: place.host, `operator`)
    }
    let marker = ShareMarker(id: id, provenAt: now)
    if let place = places.first(where: { !isByService($0) }) {
      try await leave(
        marker, in: place.directory,
        as: ShareMarker.path(in: place.directory, on: place.host), on: place.host, `operator`)
    }
    return marker
  }
}
