/// All that is wrong with a text, sorted by place.
///
/// Thrown as an error when it holds an error; a result may carry one with warnings only.
public struct Diagnostics: Error, Sendable, Hashable, Codable, CustomStringConvertible {
  /// What was found, by file and position, the first `DiagnosticCollector.limit` of each severity.
  public let all: [Diagnostic]
  /// How many more were found than `all` shows.
  public let omitted: Int
  /// How many errors were found, shown or not.
  public let errorCount: Int

  public init(all: [Diagnostic], omitted: Int, errorCount: Int) {
    self.all = all.sorted(by: Diagnostics.precedes)
    self.omitted = omitted
    self.errorCount = errorCount
  }

  /// What is wrong with several texts.
  init(merging several: [Diagnostics]) {
    self.init(
      all: several.flatMap(\.all), omitted: several.map(\.omitted).reduce(0, +),
      errorCount: several.map(\.errorCount).reduce(0, +))
  }

  public var hasErrors: Bool { errorCount > 0 }

  public var description: String {
    var lines = all.map(\.description)
    if omitted > 0 { lines.append("… and \(omitted) more") }
    return lines.joined(separator: "\n")
  }

  private static func precedes(_ left: Diagnostic, _ right: Diagnostic) -> Bool {
    if left.file != right.file { return left.file < right.file }
    let leftPosition = left.position ?? .start
    let rightPosition = right.position ?? .start
    if leftPosition != rightPosition { return leftPosition < rightPosition }
    return left.message < right.message
  }
}

/// Gathers diagnostics, so that everything that is wrong is said at once.
final class DiagnosticCollector {
  /// How many diagnostics of each severity are kept.
  static let limit = 100

  let file: String
  let area: DiagnosticCode.Area
  private var kept: Set<Diagnostic> = []
  private var counts: [Diagnostic.Severity: Int] = [:]

  init(file: String, area: DiagnosticCode.Area) {
    self.file = file
    self.area = area
  }

  var hasErrors: Bool { counts[.error, default: 0] > 0 }

  /// Everything gathered so far.
  var diagnostics: Diagnostics {
    Diagnostics(
      all: Array(kept), omitted: counts.values.reduce(0, +) - kept.count,
      errorCount: counts[.error, default: 0])
  }

  func error(
    _ word: DiagnosticCode.Word, at position: SourcePosition?, _ message: @autoclosure () -> String,
    hint: @autoclosure () -> String? = nil, area: DiagnosticCode.Area? = nil
  ) {
    add(.error, word, position, message, hint, area)
  }

  func warning(
    _ word: DiagnosticCode.Word, at position: SourcePosition?, _ message: @autoclosure () -> String,
    hint: @autoclosure () -> String? = nil, area: DiagnosticCode.Area? = nil
  ) {
    add(.warning, word, position, message, hint, area)
  }

  /// Beyond the limit nothing is worded: a hostile file must not buy work with its mistakes.
  private func add(
    _ severity: Diagnostic.Severity, _ word: DiagnosticCode.Word, _ position: SourcePosition?,
    _ message: () -> String, _ hint: () -> String?, _ area: DiagnosticCode.Area?
  ) {
    let count = counts[severity, default: 0]
    guard count < Self.limit else {
      counts[severity] = count + 1
      return
    }
    let diagnostic = Diagnostic(
      severity: severity, code: DiagnosticCode(area ?? self.area, word), message: message(),
      hint: hint(), file: file, position: position)
    // What an anchor holds is decoded once for each alias; saying so once is enough.
    if kept.insert(diagnostic).inserted { counts[severity] = count + 1 }
  }
}
