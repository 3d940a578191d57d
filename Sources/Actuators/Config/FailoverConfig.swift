import Runbook

/// What stands in a `Failover.config`: the two schedulers, the port of their heartbeat, and how often it beats.
enum FailoverElement: String, Sendable, CaseIterable {
  case primary = "Primary"
  case secondary = "Secondary"
  case port = "Port"
  case interval = "Interval"

  private static let root = "FailoverConfig"

  /// The fact's name.
  var property: String { "failover_\(rawValue.lowercased())" }

  private var path: String { "\(Self.root)/\(rawValue)" }

  /// Nil when the document has none. Throws `ActionError` when it can't be told.
  func read(in document: String, _ file: ConfigFile) throws -> XMLPlace.Found? {
    guard let place = XMLPlace(path) else { return nil }
    do {
      return try place.find(in: document)
    } catch {
      let why: String
      switch error {
      case .missing: return nil
      case .several: why = "has more than one \(path)"
      case .notText: why = "has no plain text at \(path)"
      case .malformed(let what): why = "is no XML that is understood: \(what)"
      }
      throw ActionError(
        "config.no_value", "\(file.path) on \(file.host.id) \(why)", advice: "see the file")
    }
  }

  /// Nil when the document has none.
  func replaced(by value: String, in document: String, _ file: ConfigFile) throws -> String? {
    guard let place = XMLPlace(path), let found = try read(in: document, file) else { return nil }
    guard found.text != value else { return document }
    return place.replacing(found, by: value, in: document)
  }

  /// A whole file, in the order that the manual shows.
  static func document(_ values: [FailoverElement: String], on host: Host) -> String {
    let newline = host.isWindows ? "\r\n" : "\n"
    let lines = allCases.map { "  <\($0.rawValue)>\(values[$0] ?? "")</\($0.rawValue)>" }
    return (["<\(root)>"] + lines + ["</\(root)>", ""]).joined(separator: newline)
  }
}

extension XMLPlace.Found {
  /// Without the blanks that an indented file has around it.
  var text: String { value.trimmed }
}

extension String {
  fileprivate var trimmed: String {
    let start = drop { $0.isWhitespace }
    return String(start.prefix(start.count - start.reversed().prefix { $0.isWhitespace }.count))
  }
}

/// The names of hosts, as they may stand in a configuration: nothing that a program could take for more.
enum HostName {
  static func isOne(_ text: String) -> Bool {
    text.wholeMatch(of: /[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?/) != nil && text.count <= 253
  }
}

/// A host's `Failover.config`.
struct FailoverConfigFile: Sendable {
  /// Where the scheduler's own set-up puts it.
  static let windowsPath = #"C:\Program Files\MVPSI\JAMS\Scheduler\Failover.config"#

  static let state = "failover_config"
  static let present = "present"
  static let missing = "missing"
  static let notes: [ActionSchema.Note] =
    [.init(state, "whether the file is present or missing")]
    + FailoverElement.allCases.map {
      .init($0.property, "what stands in \($0.rawValue); `null` when there is none")
    }

  let file: ConfigFile

  init(on host: Host, path: String?, step: String) throws {
    guard let path = path ?? (host.isWindows ? Self.windowsPath : nil) else {
      throw ActionError(
        "config.no_file", "step \(step): where Failover.config is on \(host.id) is not told",
        advice: "give it: only of Windows hosts it is known where the scheduler's set-up puts it")
    }
    file = ConfigFile(host: host, path: try HostPath.check(path, on: host, step: step))
  }

  var host: Host { file.host }
  var subject: String { "failover-config:\(file.path)@\(host.id)" }

  /// The values as they are written; of a file that is missing, and of elements that are, `null`.
  func observe(_ observer: any Observer) async throws -> (facts: [Fact], text: String?) {
    do {
      guard try await file.isThere(observer) else {
        return (facts(of: [:], state: Self.missing), nil)
      }
      let text = try await file.read(observer).text
      var values: [FailoverElement: String] = [:]
      for element in FailoverElement.allCases {
        values[element] = try element.read(in: text, file)?.text
      }
      return (facts(of: values, state: Self.present), text)
    } catch {
      let gap = try Reading(gapFrom: error)
      let properties = [Self.state] + FailoverElement.allCases.map(\.property)
      return (properties.map { Fact(subject, $0, gap) }, nil)
    }
  }

  func facts(of values: [FailoverElement: String], state: String) -> [Fact] {
    [Fact(subject, Self.state, .string(state))]
      + FailoverElement.allCases.map {
        Fact(subject, $0.property, values[$0].map { .string($0) } ?? .null)
      }
  }

  func value(_ element: FailoverElement, in observation: Observation) -> String? {
    observation[subject, element.property]?.string
  }
}
