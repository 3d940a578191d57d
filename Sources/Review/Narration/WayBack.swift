import Journal

/// Until when a run can be aborted, by its plan's map of no return, in words.
struct WayBack: Sendable {
  private let records: [WayBackRecord]
  /// The points of no return that have begun to act.
  private(set) var passed: [String] = []

  /// Nil of a run that made no map, or that undoes another one.
  init(_ records: [WayBackRecord]? = nil) { self.records = records ?? [] }

  /// Whether there is anything to undo, or that could not be.
  var isEmpty: Bool { !records.contains { $0.undo != .nothing } }

  /// The first steps that can't be undone.
  var points: [WayBackRecord] { records.filter { $0.undo == .never && $0.until.isEmpty } }

  /// A step has begun to act. Whether the way back ends with it.
  mutating func act(_ step: String) -> Bool {
    guard records.contains(where: { $0.step == step && $0.undo == .never }),
      !passed.contains(step)
    else { return false }
    passed.append(step)
    return passed.count == 1
  }

  /// `abort is free until step 3, truncate-failover`; nil when nothing is to be undone.
  var headline: String? {
    if isEmpty { return nil }
    if let step = passed.first { return "abort is over since \(named(step)) began to act" }
    let ends = points.map { named($0.step) }
    return ends.isEmpty
      ? "abort is free until the run is done"
      : "abort is free until \(ends.joined(separator: ", or "))\(ends.count > 1 ? ", whichever is first" : "")"
  }

  /// As few words as fit beside others on one line: `abort: until 3/6`.
  func short(of count: Int) -> String? {
    if isEmpty { return nil }
    if !passed.isEmpty { return "abort: over" }
    let ends = points.map { "\(place(of: $0.step))/\(count)" }
    return "abort: " + (ends.isEmpty ? "free" : "free until \(ends.joined(separator: ", "))")
  }

  /// The map: one line for each step that changes something.
  var lines: [Line] {
    guard let headline else { return [] }
    return [Line(""), Line("Way back: \(headline)", .heading)]
      + records.filter { $0.undo != .nothing }.map { record in
        Line("  \(place(of: record.step)) \(record.step): \(Self.words(record))", .faint)
      }
  }

  private static func words(_ record: WayBackRecord) -> String {
    let until = record.until.joined(separator: ", ")
    switch record.undo {
    case .nothing: return "changes nothing"
    case .exact:
      return "undone by \(record.by ?? "an action")" + (until.isEmpty ? "" : ", until \(until)")
    case .beyond: return "after \(until), so abort does not undo it"
    case .never:
      let why = record.because.map { ": \($0)" } ?? ""
      return until.isEmpty ? "the point of no return\(why)" : "after \(until), and never\(why)"
    }
  }

  private func named(_ step: String) -> String { "step \(place(of: step)), \(step)" }

  private func place(of step: String) -> Int {
    (records.firstIndex { $0.step == step } ?? -1) + 1
  }
}
