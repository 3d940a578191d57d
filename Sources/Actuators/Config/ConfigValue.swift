public import Runbook

/// `config.value`
public struct ConfigValue: ActingAction {
  public static let schema = ActionSchema(
    name: "config.value",
    summary: "Let a value in an XML configuration file be what it should be",
    discussion: """
      `at` leads from the root to the value: names of elements divided by `/`, each with a condition on an attribute where
      there are several, and an attribute where that is the value: `FailoverConfig/Interval`,
      `configuration/appSettings/add[@key='Server']/@value`. The value must be there, once: nothing is added to a file.

      The file is changed in this one place, everything else is kept as it is written, and it is replaced at once. What it
      was is kept beside it, with `.lifeboat-backup` at the end of its name. When somebody else changes it meanwhile, nothing is
      written. Files of up to 64 KiB in UTF-8 or UTF-16 are understood. Values are journalled: name no secret.

      What reads the file may have to be started again.
      """,
    target: .host,
    parameters: [
      .init("file", .string, required: true, "The absolute path of the file on the host"),
      .init("at", .string, required: true, "Where the value stands"),
      .init("value", .string, required: true, "What it should be"),
    ],
    effect: .changes,
    worksAsPrecheck: true,
    reversibility: .reversible(by: "config.value"),
    facts: [.init(value, "what stands there")],
    example: """
      id: interval
      action: config.value
      target: dr.scheduler
      with: { file: /etc/jobs/Failover.config, at: FailoverConfig/Interval, value: "60" }
      """)

  private static let value = "config_value"

  private let file: ConfigFile
  private let place: XMLPlace
  private let wanted: String

  public init(_ arguments: Arguments) throws {
    let host = try arguments.host()
    file = ConfigFile(
      host: host,
      path: try ConfigPath.check(try arguments.requiredString("file"), step: arguments.step))
    let text = try arguments.requiredString("at")
    guard let place = XMLPlace(text) else {
      throw ActionError(
        "config.place", "step \(arguments.step): '\(text)' leads to no value of an XML file",
        advice: "write it as FailoverConfig/Interval, or add[@key='Server']/@value")
    }
    self.place = place
    wanted = try arguments.requiredString("value")
    guard wanted.unicodeScalars.allSatisfy({ $0 == "\t" || $0 >= " " && $0.value != 0xFFFD }) else {
      throw ActionError(
        "config.control_character",
        "step \(arguments.step): the value holds a line break or a control character")
    }
  }

  private var host: Host { file.host }
  private var subject: String { "config:\(file.path)@\(host.id)" }
  private var property: String { Self.value }
  private var key: FactKey { FactKey("\(subject)/\(place.text)", property) }

  public var destinations: [Destination] { [.host(host)] }

  public func probe(_ observer: any Observer) async throws -> Observation {
    do {
      let found = try find(in: try await file.read(observer).text)
      return Observation([Fact(key.subject, key.property, .string(found.value))])
    } catch {
      return Observation([Fact(key.subject, key.property, try Reading(gapFrom: error))])
    }
  }

  private func find(in text: String) throws -> XMLPlace.Found {
    do {
      return try place.find(in: text)
    } catch {
      let why =
        switch error {
        case .missing: "has no \(place.text)"
        case .several: "has more than one \(place.text)"
        case .notText: "has no plain text at \(place.text)"
        case .malformed(let why): "is no XML that is understood: \(why)"
        }
      throw ActionError(
        "config.no_value", "\(file.path) on \(host.id) \(why)",
        advice: "see the file, and 'at' in the step")
    }
  }

  public func judge(_ observation: Observation) -> Verdict {
    guard let seen = observation[key.subject, key.property]?.string else {
      return .unknown(observation.gap(key.subject, key.property) ?? "it was not asked")
    }
    let standing = "\(place.text) in \(file.path) on \(host.id)"
    return seen == wanted
      ? .satisfied("\(standing) is '\(wanted)'")
      : .needed("set \(standing) from '\(seen)' to '\(wanted)'")
  }

  public func predict(_ observation: Observation) -> Observation? {
    var result = Observation()
    result.state(key.subject, key.property, .string(wanted))
    return result
  }

  public func operations(given observation: Observation) -> [Operation] {
    guard observation[key.subject, key.property]?.string != wanted else { return [] }
    return [
      Operation(
        .untold(
          "writes \(file.path) on \(host.id) with '\(wanted)' at \(place.text), and keeps what it was as "
            + file.backup))
    ]
  }

  public func act(_ operator: any Operator, given observation: Observation) async throws -> Evidence
  {
    let contents = try await file.read(`operator`.observer)
    let found = try find(in: contents.text)
    guard found.value != wanted else { return Evidence(["written": false]) }
    try await file.replace(
      contents, by: place.replacing(found, by: wanted, in: contents.text), `operator`)
    return Evidence([
      "written": true, "before": .string(found.value), "backup": .string(file.backup),
    ])
  }

  public var undoability: Undoability { .exact(by: Self.schema.name) }

  public func undo(restoring before: Observation, from now: Observation) -> [UndoStep]? {
    guard let old = before[key.subject, key.property]?.string else { return nil }
    guard now[key.subject, key.property]?.string != old else { return [] }
    return [
      UndoStep(
        Self.schema.name, .host(host),
        ["file": .string(file.path), "at": .string(place.text), "value": .string(old)])
    ]
  }
}

/// Absolute paths, as the systems write them that hosts run.
enum ConfigPath {
  static func check(_ path: String, step: String) throws -> String {
    let isAbsolute =
      path.hasPrefix("/") || path.hasPrefix("\\\\")
      || path.prefixMatch(of: /[A-Za-z]:[\\\/]/) != nil
    guard isAbsolute, !path.utf8.contains(0) else {
      throw ActionError(
        "path.relative", "step \(step): '\(path)' is not an absolute path",
        advice: "begin it with /, or with a drive as C:\\")
    }
    return path
  }
}
