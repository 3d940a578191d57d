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
      A rehearsal without `--allow-probe-files` says what reading shows; with it the exchange is done, and no marker is left.
      """,
    target: .none,
    parameters: [
      .init("path", .path, required: true, "A name of the inventory"),
      .init("between", .list(.host), required: true, "The hosts, at least two"),
      .init("maximum_age", .duration, default: "24h", "How long an earlier proof holds"),
    ],
    effect: .changes,
    worksAsPrecheck: true, mayActInDrills: true,
    facts: DirectoryFacts.notes + [
      .init(marker, "the identity of the marker that the host reads; `null` when there is none"),
      .init(markerAt, "when the marker was left; `null` when there is none"),
      .init(proved, "whether all hosts were shown to see one directory, and not too long ago"),
    ],
    example: """
      id: shared-log-path
      action: path.shared
      with: { path: scheduler-logs, between: [production.scheduler, dr.scheduler] }
      """)

  private static let marker = "marker"
  private static let markerAt = "marker_at"
  private static let proved = "proved"
  private static let defaultMaximumAge = Duration.seconds(86_400)

  private let name: String
  private let places: [ShareExchange.Place]
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
      return .init(host: host, directory: try AbsolutePath.check(directory, step: step))
    }
    maximumAge = arguments.duration("maximum_age") ?? Self.defaultMaximumAge
  }

  private var subject: String { "path:\(name)" }

  private func subject(at place: ShareExchange.Place) -> String { "\(subject)@\(place.host.id)" }

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
    let subject = subject(at: place)
    let directory = DirectoryFacts(subject: subject, path: place.directory, host: place.host)
    let facts = try await directory.observe(observer)
    do {
      let marker = try await ShareMarker.read(in: place.directory, on: place.host, observer)
      return facts + [
        Fact(subject, Self.marker, marker.map { .string($0.id) } ?? .null),
        Fact(subject, Self.markerAt, marker.map { .string($0.provenAt) } ?? .null),
      ]
    } catch {
      let gap = try Reading(gapFrom: error)
      return facts + [Fact(subject, Self.marker, gap), Fact(subject, Self.markerAt, gap)]
    }
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
    let hosts = places.map(\.host.id).joined(separator: " and ")
    if observation[subject, Self.proved]?.boolean == true {
      return .satisfied("\(hosts) see one directory as \(name)")
    }
    for place in places {
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
    var isShared = true
    do {
      try await ShareExchange(places: places, files: files, observer: observer).prove()
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
          "write probe files \(ProbeFileName.prefix)… in \(directories), read each on the other side, "
            + "remove them, and leave the marker \(ShareMarker.fileName)"))
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let observer = `operator`.observer
    try await ShareExchange(places: places, files: `operator`, observer: observer).prove()
    let marker = ShareMarker(id: `operator`.token, provenAt: observer.time.now())
    if let place = places.first { try await leave(marker, at: place, `operator`) }
    return Evidence([
      "marker": .string(marker.id), "proven_at": .string(marker.provenAt),
      "between": .list(places.map { .string($0.host.id) }),
    ])
  }

  /// Written aside and renamed: a reader never sees half a marker.
  private func leave(
    _ marker: ShareMarker, at place: ShareExchange.Place, _ operator: any Operator
  ) async throws {
    let aside = ProbeFileName(label: "share-marker", token: `operator`.token)
    try await `operator`.removeProbeFile(aside, in: place.directory, on: place.host)
    try await `operator`.writeProbeFile(
      aside, contents: try marker.text(), in: place.directory, on: place.host)
    let rename = Command([
      "mv", "-f", "-T", "--", "\(place.directory)/\(aside)", ShareMarker.path(in: place.directory),
    ])
    let result = try await `operator`.run(rename, on: place.host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "path.marker", "the marker can't be left on \(place.host.id): \(result.standardError)",
        advice: "see the permissions of \(place.directory)")
    }
  }
}
