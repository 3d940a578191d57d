import Runbook

/// The directory that holds all that a drill makes. A file in it says so: what no drill made is never removed, and never
/// acted on.
struct DrillDirectory: Sendable {
  static let files = "drill_files"
  static let mark = "drill_mark"
  static let served = "data_directory"
  static let fileNotes: [ActionSchema.Note] = [
    .init(files, "what is in the drill's directory; `null` when that isn't there"),
    .init(mark, "what the file in it says whose presence makes it a drill's; `null` without one"),
  ]
  static let notes =
    fileNotes + [
      .init(served, "of a copy with a server: the data that the server at its address serves")
    ]
  static let markedNote = ActionSchema.Note(
    "is-drills-copy", "the copy is in a directory that bears a drill's mark: it is no real one")

  static let markFile = "lifeboat-drill"
  static let logs = "logs"
  private static let making = ".making"

  let copy: DatabaseCopy
  private let place: DrillPlace

  /// Nil for a copy that is not a drill's.
  init?(of copy: DatabaseCopy) {
    guard copy.isDrills, let place = copy.host.drill else { return nil }
    self.copy = copy
    self.place = place
  }

  var host: Host { copy.host }
  var path: String { place.directory }
  /// The copy: a file, or its server's data directory.
  var data: String { copy.placement.location.path }
  /// The copy while it is made: under its own name it is whole.
  var unfinished: String { data + Self.making }
  var markPath: String { "\(path)/\(Self.markFile)" }
  var logsPath: String { "\(path)/\(Self.logs)" }
  var markText: String { "a drill's throw-away copy of \(copy.database.name)@\(host.site)" }

  /// What a drill may have made there, but for the mark, which goes last.
  var contents: [String] {
    let names = copy.server == nil ? ["", "-journal"] : [""]
    return [data, unfinished].flatMap { path in names.map { path + $0 } } + [logsPath]
  }

  // MARK: - Looking

  func observe(_ observer: any Observer) async throws -> [Fact] {
    do {
      guard let names = try await names(observer) else {
        return [fact(Self.files, .null), fact(Self.mark, .null)]
      }
      let mark = try await readMark(among: names, observer)
      return [
        fact(Self.files, .list(names.map(Value.string))),
        fact(Self.mark, mark.map(Value.string) ?? .null),
      ]
    } catch {
      let gap = try Reading(gapFrom: error)
      return [Self.files, Self.mark].map { Fact(copy.subject, $0, gap) }
    }
  }

  /// What is there, and what the copy's server serves: whether the address leads to the copy, and to no other, is for the server
  /// to say.
  func observeServed(_ observer: any Observer) async throws -> [Fact] {
    async let files = observe(observer)
    guard copy.server != nil else { return try await files }
    do {
      let row = try await observer.read(copy) { try $0.query(Self.servedQuery).first }
      return try await files + [fact(Self.served, row?[Self.served] ?? .null)]
    } catch {
      return try await files + [Fact(copy.subject, Self.served, try Reading(gapFrom: error))]
    }
  }

  private static let servedQuery: SQLStatement =
    "SELECT current_setting('data_directory') AS data_directory"

  private func fact(_ property: String, _ value: Value) -> Fact {
    Fact(copy.subject, property, value)
  }

  /// Sorted, without the journal that a writer makes and removes; nil when there is no directory.
  private func names(_ observer: any Observer) async throws -> [String]? {
    let result = try await observer.run(.list(path), on: host)
    if result.exitCode != 0, result.standardError.contains("No such file or directory") {
      return nil
    }
    guard result.exitCode == 0 else {
      throw ActionError(
        "drill.unreadable", "\(path) on \(host.id) can't be read: \(result.standardError)",
        advice: "see 'drill' in the inventory, and the directory's permissions")
    }
    return result.standardOutput.split(separator: "\n").map(String.init)
      .filter { !$0.hasSuffix("-journal") }.sorted()
  }

  private func readMark(among names: [String], _ observer: any Observer) async throws -> String? {
    guard names.contains(Self.markFile) else { return nil }
    let result = try await observer.run(.readFile(markPath, limit: 1024), on: host)
    return result.exitCode == 0 ? result.standardOutput.filter { !$0.isNewline } : nil
  }

  enum State: Equatable {
    /// Nothing is there, or an empty directory.
    case clear
    case marked(files: [String])
    /// Something that no drill made.
    case foreign(String)
    case unknown(String)
  }

  func state(_ observation: Observation) -> State {
    if let gap = observation.gap(copy.subject, Self.files) { return .unknown(gap) }
    let names = observation[copy.subject, Self.files]?.list?.compactMap(\.string) ?? []
    if observation[copy.subject, Self.mark]?.string == markText { return .marked(files: names) }
    guard let first = names.first else { return .clear }
    return .foreign(
      "\(path) on \(host.id) holds \(first), and no mark of a drill of "
        + "\(copy.database.name)@\(host.site)")
  }

  func isThere(_ observation: Observation) -> Bool {
    observation[copy.subject, Self.files]?.list != nil
  }

  /// Whether the copy is there, whole.
  func isMade(_ observation: Observation) -> Bool {
    guard case .marked(let files) = state(observation) else { return false }
    return files.contains { "\(path)/\($0)" == data }
  }

  func markedGuard() -> Guard {
    Guard(Self.markedNote.name, demand: "\(copy.subject) is a drill's throw-away copy") {
      switch state($0) {
      case .marked: checkServed($0)
      case .clear: .violated("there is nothing at \(path) on \(host.id)")
      case .foreign(let why): .violated(why)
      case .unknown(let why): .unknown(why)
      }
    }
  }

  private func checkServed(_ observation: Observation) -> Guard.Finding {
    guard let server = copy.server else { return .holds }
    if let gap = observation.gap(copy.subject, Self.served) { return .unknown(gap) }
    let served = observation[copy.subject, Self.served]?.string ?? "nothing that it names"
    return served == data
      ? .holds
      : .violated("\(server.address):\(server.port) serves \(served), and the copy is \(data)")
  }

  // MARK: - Acting

  var makeDirectory: Command { Command(["mkdir", "--", path]) }
  /// A file that is there already is an error: no other can be overwritten.
  var writeMark: Command {
    Command(
      ["dd", "of=\(markPath)", "conv=excl,fsync", "status=none"],
      standardInput: CommandInput(markText + "\n"))
  }
  /// No link is followed, and no other file system entered.
  var removeContents: Command { Command(["rm", "-rf", "--one-file-system", "--"] + contents) }
  var removeMark: Command { Command(["rm", "-f", "--", markPath]) }
  var removeDirectory: Command { Command(["rmdir", "--", path]) }

  func run(_ command: Command, by operator: any Operator) async throws {
    let result = try await `operator`.run(command, on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "drill.files",
        "\(host.id) can't '\(command.arguments.joined(separator: " "))': \(result.standardError)",
        advice: "see what is in \(path) there: what no drill made is left to you")
    }
  }
}

extension Arguments {
  /// A drill's throw-away copy, as scheduler@dr.drill.
  func drillDirectory() throws -> DrillDirectory {
    guard let directory = DrillDirectory(of: try databaseCopy()) else {
      throw ActionError(
        "drill.target", "step \(step): the target must be a drill's copy, as scheduler@dr.drill",
        advice: "name a host of the inventory that has the key 'drill'")
    }
    return directory
  }
}
