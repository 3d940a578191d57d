import Foundation

/// A rule of the house. CONTRIBUTING.md gives the reasons.
struct Rule: Sendable {
  let name: String
  /// What to do instead.
  let instead: String
  /// The numbers of the lines that break it.
  let broken: @Sendable (SourceFile) -> [Int]

  func findings(in file: SourceFile) -> [Finding] {
    broken(file).map { Finding(path: file.path, line: $0, rule: name, instead: instead) }
  }

  /// Words that may stand in some places only.
  static func words(
    _ patterns: [String], only allowed: [String], _ name: String, instead: String,
    inTests: Bool = false
  ) -> Rule {
    Rule(name: name, instead: instead) { file in
      guard file.isTest == inTests, !allowed.contains(where: { file.path.hasPrefix($0) })
      else { return [] }
      return file.code.filter { line in patterns.contains { line.text.containsWord($0) } }
        .map(\.number)
    }
  }
}

extension String {
  /// Whether `word` occurs, not as the end of a longer name.
  func containsWord(_ word: String) -> Bool {
    var start = startIndex
    while let range = self.range(of: word, range: start..<endIndex) {
      let before = self[..<range.lowerBound].last
      if before.map({ !$0.isLetter && !$0.isNumber && $0 != "_" }) ?? true { return true }
      start = range.upperBound
    }
    return false
  }
}

extension [Rule] {
  /// Which of our modules a target may import.
  static let imports: [String: Set<String>] = [
    "Runbook": [], "Journal": [], "Engine": ["Runbook", "Journal"],
    "ODBC": [], "Actuators": ["Runbook", "ODBC"], "Review": ["Journal"], "LabScheduler": ["ODBC"],
    "TestSupport": ["Runbook", "Journal", "Engine"],
    "lifeboat": ["Runbook", "Journal", "Engine", "Actuators", "Review"],
  ]

  static let house: [Rule] = [
    Rule(
      name: "this target may not import that module",
      instead: "docs/architecture.md says who may import whom; what is missing belongs elsewhere"
    ) { file in
      guard let target = file.target, let allowed = imports[target] else { return [] }
      let ours = Set(imports.keys).subtracting(allowed)
      return file.code.filter { line in
        let words = line.text.split(separator: " ")
        guard let place = words.firstIndex(of: "import"), let module = words.last,
          place < words.endIndex - 1
        else { return false }
        return ours.contains(String(module.prefix { $0 != "." }))
      }.map(\.number)
    },
    .words(
      [
        "Date()", "Date.now", "ContinuousClock.now", "SuspendingClock.now", "clock_gettime",
        "gettimeofday",
      ],
      only: [
        "Sources/Engine/Clock/", "Sources/LabScheduler/Support/Clock.swift",
      ],
      "time is asked outside the clock", instead: "take a TimeSource"),
    .words(
      [
        "import Subprocess", "public import Subprocess", "posix_spawn", "Foundation.Process",
        "Process()", "fork()", "execv(", "execvp(",
      ],
      only: [
        "Sources/Actuators/Transport/", "Sources/LabScheduler/",
        "Sources/lifeboat/Wiring/ProcessReplacement.swift", "Sources/TestSupport/Servers/",
      ], "a process is started outside Transport", instead: "run a Command on a Host"),
    .words(
      [
        "print(", "debugPrint(", "fputs(", "FileHandle.standardOutput", "FileHandle.standardError",
        "dump(",
      ],
      only: ["Sources/lifeboat/Views/", "Sources/LabScheduler/"],
      "printing outside Views", instead: "return lines, and let Console write them"),
    .words(
      ["import GRDB", "sqlite3_"],
      only: ["Sources/Journal/", "Sources/Actuators/Database/", "Sources/LabScheduler/"],
      "SQLite outside Journal, Actuators/Database and LabScheduler",
      instead: "go through Journal, SQLReader or SQLWriter"),
    .words(
      ["TODO", "FIXME", "XXX"], only: [], "unfinished business",
      instead: "finish it, throw an error, or file an issue"),
    .words(
      ["Task.sleep", "Thread.sleep", "usleep(", "sleep(forTimeInterval"],
      only: [], "a test waits for time to pass", instead: "inject the clock, or use eventually(…)",
      inTests: true),
    Rule(
      name: "'@unchecked Sendable' without a reason",
      instead: "write the reason in a comment above it, or do without"
    ) { file in
      file.code.filter { line in
        line.text.contains("@unchecked Sendable")
          && !file.comment(above: line.number).contains("`@unchecked`: ")
      }.map(\.number).filter { _ in file.target != nil }
    },
    Rule(
      name: "the file can't be read in one go", instead: "split it by thought, below 300 lines"
    ) { file in file.lines.count > (file.isTest ? 400 : 300) ? [file.lines.count] : [] },
  ]
}

extension SourceFile {
  /// The comment that ends on the line above the given one.
  func comment(above number: Int) -> String {
    lines[..<(number - 1)].reversed().prefix {
      $0.trimmingCharacters(in: .whitespaces).hasPrefix("//")
    }.reversed().joined(separator: "\n")
  }
}
