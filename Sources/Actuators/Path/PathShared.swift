public import Runbook

/// `path.shared`
public struct PathShared: ActingAction, ProvableByProbeFiles {
  public static let schema = ActionSchema(
    name: "path.shared",
    summary: "Prove that hosts see one and the same directory",
    discussion: """
      That two hosts share a directory can't be had by looking: the same source and type of a file system are a hint, and no
      more. The step proves it. The first host writes a file with a number nobody can guess; each other host reads it by its
      exact name and writes a reply; the first host reads that. All these files are removed in every case. Then a marker,
      `.lifeboat-share`, is left with the time of the proof.

      As long as all hosts read the same marker and it is younger than `maximum_age`, the step is satisfied by reading alone.
      Windows hosts name the share itself, as `\\\\server\\share\\logs`. What is proved is what the account sees that Lifeboat logs in
      with; with `as_service`, on Windows hosts, what the account sees that this service runs under, by scheduled tasks that run
      once and are removed. That works for LocalSystem and NetworkService, which come as the computer, and for group-managed
      accounts; of others the password would be needed. A record of it is kept on the host, in `C:\\ProgramData`. It takes a few seconds a file:
      give it a longer `timeout` than the default where hosts are slow.

      A rehearsal without `--allow-probe-files` says what reading shows; with it the exchange is done, and no marker is left. With `as_service` it is never done in a
      rehearsal: a task is more than a probe file.
      """,
    target: .none,
    parameters: [
      .init("path", .path, required: true, "A name of the inventory"),
      .init("between", .list(.host), required: true, "The hosts, at least two"),
      .init(
        "as_service", .string, "A service: the exchange is done under its account on Windows hosts"),
      .init("maximum_age", .duration, default: "24h", "How long an earlier proof holds"),
    ],
    effect: .changes,
    worksAsPrecheck: true, mayActInDrills: true,
    facts: DirectoryFacts.notes + [
      .init(marker, "the identity of the marker that the host reads; `null` when there is none"),
      .init(serviceAccount, "the account that the service of `as_service` runs under"),
      .init(markerAt, "when the marker was left; `null` when there is none"),
      .init(proved, "whether all hosts were shown to see one directory, and not too long ago"),
    ],
    example: """
      id: shared-log-path
      action: path.shared
      with: { path: scheduler-logs, between: [production.scheduler, dr.scheduler] }
      """)

  static let marker = "marker"
  static let markerAt = "marker_at"
  private static let proved = "proved"
  private static let defaultMaximumAge = Duration.seconds(86_400)

  private let name: String
  let places: [ShareExchange.Place]
  let service: String?
  private let maximumAge: Duration

  public init(_ arguments: Arguments) throws {
    let step = arguments.step
    name = try arguments.requiredString("path")
    guard let path = arguments.inventory.path(name) else {
      throw ActionError(
        "inventory.unknown_path", "step \(step): the inventory has no path '\(name)'",
        advice: "it has \(arguments.inventory.paths.map(\.name).joined(separator: ", "))")
    }
    let ids = arguments.strings("between") ?? []
    guard Set(ids).count == ids.count, ids.count >= 2 else {
      throw ActionError(
        "path.between", "step \(step): 'between' needs at least two different hosts")
    }
    places = try ids.map { id in
      let host = try arguments.host(named: id)
      guard let directory = path.at[id] else {
        throw ActionError(
          "inventory.path_not_at_host",
          "step \(step): the path '\(path.name)' is not given for \(id)",
          advice: "it is given for \(path.at.keys.sorted().joined(separator: ", "))")
      }
      return .init(host: host, directory: try HostPath.check(directory, on: host, step: step))
    }
    service = arguments.string("as_service")
    guard service == nil || places.contains(where: \.host.isWindows) else {
      throw ActionError(
        "path.as_service", "step \(step): 'as_service' is for Windows hosts, and there is none",
        advice: "leave it out: on Linux name an account that runs what the service runs as")
    }
    maximumAge = arguments.duration("maximum_age") ?? Self.defaultMaximumAge
  }

  private var subject: String { "path:\(name)" }

  func subject(at place: ShareExchange.Place) -> String { "\(subject)@\(place.host.id)" }

  public var destinations: [Destination] { places.map { .host($0.host) } }

  public func probe(_ observer: any Observer) async throws -> Observation {
    let facts = try await places.concurrentFacts { try await self.facts(at: $0, observer) }
    var observation = Observation(facts)
    observation.state(Fact(subject, Self.proved, proof(observation, observer.time)))
    return observation
  }

  private func facts(
    at place: ShareExchange.Place, _ observer: any Observer
  ) async throws -> [Fact] {
    guard !isByService(place) else { return try await serviceFacts(at: place, observer) }
    let subject = subject(at: place)
    let directory = DirectoryFacts(subject: subject, path: place.directory, host: place.host)
    let facts = try await directory.observe(observer)
    do {
      let marker = try await ShareMarker.read(
        ShareMarker.path(in: place.directory, on: place.host), on: place.host, observer)
      return facts + markerFacts(marker, subject)
    } catch {
      let gap = try Reading(gapFrom: error)
      return facts + [Fact(subject, Self.marker, gap), Fact(subject, Self.markerAt, gap)]
    }
  }

  func markerFacts(_ marker: ShareMarker?, _ subject: String) -> [Fact] {
    [
      Fact(subject, Self.marker, marker.map { .string($0.id) } ?? .null),
      Fact(subject, Self.markerAt, marker.map { .string($0.provenAt) } ?? .null),
    ]
  }

  /// Whether the same marker, young enough, is read everywhere. A gap where a host can't be asked.
  private func proof(_ observation: Observation, _ time: any TimeSource) -> Reading {
    var seen: Set<String> = []
    var age: Duration?
    for place in places {
      let subject = subject(at: place)
      if let gap = observation.gap(subject, Self.marker) {
        return observation.isUnreachable(subject, Self.marker) ? .unreachable(gap) : .unknown(gap)
      }
      guard let id = observation[subject, Self.marker]?.string,
        let text = observation[subject, Self.markerAt]?.string,
        let since = Timestamp.age(of: text, at: time.now())
      else { return .value(false) }
      seen.insert("\(id) \(text)")
      age = since
    }
    guard seen.count == 1, let age else { return .value(false) }
    return .value(.boolean(age <= maximumAge))
  }

  public func judge(_ observation: Observation) -> Verdict {
    let eyes = service.map { ", as the account of \($0)," } ?? ""
    let hosts = places.map(\.host.id).joined(separator: " and ") + eyes
    if observation[subject, Self.proved]?.boolean == true {
      return .satisfied("\(hosts) see one directory as \(name)")
    }
    for place in places {
      if isByService(place) {
        if let obstacle = obstacle(at: place, observation) { return obstacle }
        continue
      }
      let subject = subject(at: place)
      guard let kind = observation[subject, DirectoryFacts.kind]?.string else {
        return .unknown(observation.gap(subject, DirectoryFacts.kind) ?? "it was not asked")
      }
      guard kind == DirectoryFacts.directory else {
        return .blocked("\(place.directory) on \(place.host.id) is \(kind), not a directory")
      }
      guard observation[subject, DirectoryFacts.writable]?.boolean == true else {
        return .blocked("\(place.directory) on \(place.host.id) can't be written to")
      }
    }
    return .needed(
      "not proved lately that \(hosts) see one directory as \(name): prove it by probe files")
  }

  public func predict(_ observation: Observation) -> Observation? {
    Observation([Fact(subject, Self.proved, true)])
  }

  public func prove(
    _ files: any ProbeFileWriter, observer: any Observer
  ) async throws -> Observation {
    guard service == nil else { return try await probe(observer) }
    var isShared = true
    let hands = places.map {
      ($0, LoginHand(place: $0, files: files, observer: observer) as any ShareHand)
    }
    do {
      try await ShareExchange(hands: hands, token: files.token, time: observer.time).prove()
    } catch let error as ActionError where error.code == ShareExchange.notShared {
      isShared = false
    }
    var observation = try await probe(observer)
    observation.state(subject, Self.proved, .boolean(isShared))
    return observation
  }

  /// The files' names end with the run's and the step's, and what is in them is not to be guessed.
  public func operations(given observation: Observation) -> [Operation] {
    let directories = places.map { "\($0.directory) on \($0.host.id)" }.joined(separator: " and ")
    return [
      Operation(
        .untold(
          "\(service == nil ? "" : "by scheduled tasks under the service's account ")write probe files \(ProbeFileName.prefix)… in \(directories), read each on the other side, "
            + "remove them, and leave the marker \(ShareMarker.fileName)"))
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let hands = try places.map { place in
      (place, try hand(at: place, `operator`, given: observation))
    }
    try await ShareExchange(
      hands: hands, token: `operator`.token, time: `operator`.observer.time
    ).prove()
    let marker = try await leaveProof(`operator`.token, `operator`, given: observation)
    return Evidence([
      "marker": .string(marker.id), "proven_at": .string(marker.provenAt),
      "between": .list(places.map { .string($0.host.id) }),
    ])
  }

  private static func rename(_ path: String, to new: String, on host: Host) -> Command {
    host.isWindows
      ? Command(.moveFile, ["path": .string(path), "to": .string(new)])
      : Command(["mv", "-f", "-T", "--", path, new])
  }

  /// Written aside and renamed: a reader never sees half a marker.
  func leave(
    _ marker: ShareMarker, in directory: String, as path: String, on host: Host,
    _ operator: any Operator
  ) async throws {
    let aside = ProbeFileName(label: "share-marker", token: `operator`.token)
    try await `operator`.removeProbeFile(aside, in: directory, on: host)
    try await `operator`.writeProbeFile(
      aside, contents: try marker.text(), in: directory, on: host)
    let result = try await `operator`.run(
      Self.rename(HostPath.joined(directory, "\(aside)", on: host), to: path, on: host), on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "path.marker", "the marker can't be left on \(host.id): \(result.standardError)",
        advice: "see the permissions of \(directory)")
    }
  }
}
