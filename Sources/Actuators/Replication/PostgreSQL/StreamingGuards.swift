import Runbook

/// What must hold before PostgreSQL's roles are reversed, besides what holds for every kind.
struct StreamingGuards: Sendable {
  static let sameLineage = ActionSchema.Note(
    "same-lineage", "PostgreSQL: the copies that can be asked are copies of one cluster")
  static let streams = ActionSchema.Note(
    "replica-streams", "PostgreSQL, graceful: the target streams from the primary that is stopped")
  static let commitsWontHang = ActionSchema.Note(
    "commits-wont-hang",
    "PostgreSQL: no commit of the new primary waits for a standby that isn't there")
  static let notes = [sameLineage, streams, commitsWontHang]

  let reversal: Reversal.Intent

  private var target: DatabaseCopy { reversal.target }

  var all: [Guard] {
    let always = [
      Guard(Self.sameLineage.name, demand: "all copies are of one cluster") { lineage($0) },
      Guard(
        Self.commitsWontHang.name,
        demand: "commits on \(target.subject) don't wait for standbys that aren't there"
      ) { synchronous($0) },
    ]
    guard reversal.isGraceful else { return always }
    return always + [
      Guard(Self.streams.name, demand: "\(target.subject) streams from the primary") {
        streaming($0)
      }
    ]
  }

  private func lineage(_ observation: Observation) -> Guard.Finding {
    guard let own = observation[target.subject, CopyFacts.lineage]?.string else {
      return .unknown(
        observation.gap(target.subject, CopyFacts.lineage) ?? "\(target.subject) has no identifier")
    }
    let strange = reversal.others.filter { other in
      observation[other.subject, CopyFacts.lineage]?.string.map { $0 != own } ?? false
    }
    guard let other = strange.first else { return .holds }
    return .violated(
      "\(other.subject) was never a copy of the same cluster as \(target.subject): their system identifiers differ"
    )
  }

  /// Stopping the primary while nobody receives from it would end service for nothing.
  private func streaming(_ observation: Observation) -> Guard.Finding {
    guard let role = observation.role(of: target) else {
      return .unknown(
        observation.gap(target.subject, FactName.role) ?? "the role of \(target.subject) is new")
    }
    let hasRunningPrimary = reversal.others.contains { observation.role(of: $0) == .primary }
    guard role == .replica, hasRunningPrimary else { return .holds }
    return observation[target.subject, CopyFacts.streaming]?.boolean == true
      ? .holds : .violated("\(target.subject) receives nothing")
  }

  private func synchronous(_ observation: Observation) -> Guard.Finding {
    guard observation.role(of: target) == .replica, !reversal.suspendsSynchronous else {
      return observation.role(of: target) == nil
        ? .unknown("the role of \(target.subject) isn't known") : .holds
    }
    guard
      let setting = observation[target.subject, StreamingState.synchronousNames]?.string
    else { return .unknown("synchronous_standby_names of \(target.subject) isn't known") }
    guard let demand = SynchronousStandbys(setting) else {
      return setting.isEmpty ? .holds : .unknown("synchronous_standby_names is '\(setting)'")
    }
    let options = target.database.replication?.options ?? [:]
    let coming = reversal.others.filter { willFollow($0, observation) }
      .filter { demand.counts(options["application_name"] ?? $0.site) }
    return coming.count >= demand.needed
      ? .holds
      : .violated(
        "synchronous_standby_names of \(target.subject) is '\(setting)', and "
          + "\(coming.count) of \(demand.needed) standbys will be there: every commit would wait. "
          + "Say synchronous: suspend, or change the setting")
  }

  /// In graceful mode the old primary comes back as a standby by itself.
  private func willFollow(_ copy: DatabaseCopy, _ observation: Observation) -> Bool {
    switch observation.role(of: copy) {
    case .replica: true
    case .primary, .stopped: reversal.isGraceful
    case .draining, .lost, nil: false
    }
  }
}

/// The setting `synchronous_standby_names`: `FIRST 1 (a, b)`, `ANY 2 (a, b)`, `2 (a, b)`, `a, b` or `*`.
struct SynchronousStandbys: Sendable, Equatable {
  /// How many standbys a commit waits for.
  let needed: Int
  let names: [String]

  /// Nil when commits wait for nobody, or the setting can't be read.
  init?(_ setting: String) {
    let parts = setting.split(separator: "(", maxSplits: 1)
    let list: Substring
    if parts.count == 2 {
      let number = parts[0].split(separator: " ").last.flatMap { Int($0) }
      guard let number, let end = parts[1].lastIndex(of: ")") else { return nil }
      needed = number
      list = parts[1][..<end]
    } else {
      needed = 1
      list = setting[...]
    }
    names = list.split(separator: ",").map { name in
      name.filter { !$0.isWhitespace && $0 != "\"" }.lowercased()
    }
    guard !names.isEmpty else { return nil }
  }

  func counts(_ name: String) -> Bool { names.contains("*") || names.contains(name.lowercased()) }
}
