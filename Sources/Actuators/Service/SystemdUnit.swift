import Runbook

/// What `systemctl show` says of one unit.
struct SystemdUnit: Sendable {
  private let properties: [String: String]

  /// One a block: `Key=value` lines, blocks divided by an empty line.
  static func units(in text: String) -> [SystemdUnit] {
    text.split(separator: "\n\n").compactMap { block in
      let pairs = block.split(separator: "\n").compactMap { line -> (String, String)? in
        guard let equals = line.firstIndex(of: "=") else { return nil }
        return (String(line[..<equals]), String(line[line.index(after: equals)...]))
      }
      return pairs.isEmpty
        ? nil : SystemdUnit(properties: Dictionary(pairs) { first, _ in first })
    }
  }

  private init(properties: [String: String]) { self.properties = properties }

  private subscript(name: String) -> String { properties[name] ?? "" }

  /// As `loaded`, `not-found`, `masked` or `bad-setting`.
  var loadState: String { self["LoadState"] }
  /// As `success`, `exit-code`, `timeout` or `exec-condition`.
  var result: String { self["Result"] }
  /// In words of systemd: `activating (auto-restart)`.
  var words: String { "\(self["ActiveState"]) (\(self["SubState"]))" }
  /// The network namespace that it is run in, as a path; empty: the machine's.
  var networkNamespace: String { self["NetworkNamespacePath"] }
  /// The account that it is run as; empty: root.
  var account: String { self["User"] }
  /// Its first process; nil when it doesn't run.
  var mainProcess: Int32? { Int32(self["MainPID"]).flatMap { $0 > 0 ? $0 : nil } }
  /// A start or stop of it waits to be done, or is being done.
  var hasJob: Bool { !["", "0"].contains(self["Job"]) }

  /// Nil for a word that is new here.
  var state: ServiceState? {
    switch self["ActiveState"] {
    case "active", "reloading", "refreshing": .running
    case "activating": .starting
    case "deactivating": .stopping
    // A unit may have ended by systemd's count with processes left in its group.
    case "inactive": hasProcesses ? .stopping : .stopped
    case "failed": hasProcesses ? .stopping : .failed
    default: nil
    }
  }

  private var hasProcesses: Bool {
    // What isn't counted is the largest number, or words in brackets.
    Int32(self["TasksCurrent"]).map { $0 > 0 } ?? false
  }

  var startType: String {
    switch self["UnitFileState"] {
    case "enabled", "enabled-runtime": "automatic"
    case "disabled": "disabled"
    case "masked", "masked-runtime": "masked"
    // No installation of its own: something else starts it, or a person.
    case "static", "indirect", "generated", "alias", "linked", "linked-runtime", "transient",
      "":
      "manual"
    case let other: other
    }
  }

  /// Units that systemd stops with it.
  var dependants: [String] {
    Set(["RequiredBy", "BoundBy", "ConsistsOf"].flatMap { self[$0].split(separator: " ") })
      .map(String.init).filter { !$0.hasSuffix(".target") }.sorted()
  }

  /// The unit's own conditions kept it from starting; which ones, in words. Nil when they didn't.
  var refusal: String? {
    if result == "exec-condition" { return "its ExecCondition refused" }
    let wasAsked = !["", "0"].contains(self["ConditionTimestampMonotonic"])
    return wasAsked && self["ConditionResult"] == "no" ? "a Condition of its unit is not met" : nil
  }
}
