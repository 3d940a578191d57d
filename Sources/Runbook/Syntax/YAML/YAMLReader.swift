/// Reads the part of YAML that runbooks and inventories are written in.
///
/// Left out, each with a message of its own: tags, merge keys, complex keys, aliases as keys,
/// several documents. Whatever the bytes are, reading ends in a tree or in diagnostics.
struct YAMLReader {
  var limits = YAMLLimits()

  /// The document's tree, or nil when there is none; `diagnostics` says why.
  ///
  /// A tag or a duplicate key doesn't stop it, so that all that is wrong is found at once; a fault
  /// of the syntax or a limit does. Whoever uses the tree asks `diagnostics` for errors first.
  func read(_ bytes: [UInt8], into diagnostics: DiagnosticCollector) -> YAMLNode? {
    guard bytes.count <= limits.bytes else {
      diagnostics.error(
        .tooLarge, at: .start,
        "the file has more than \(limits.bytes) bytes, the most that is read",
        hint: "split it into several runbooks", area: .yaml)
      return nil
    }
    if let encoding = Self.foreignEncoding(bytes) {
      diagnostics.error(
        .badEncoding, at: .start, "the file is \(encoding), and UTF-8 was expected",
        hint: "save it as UTF-8", area: .yaml)
      return nil
    }
    let body = bytes.starts(with: Self.byteOrderMark) ? bytes[3...] : bytes[...]
    return body.withUnsafeBufferPointer { read($0, into: diagnostics) }
  }

  private func read(
    _ body: UnsafeBufferPointer<UInt8>, into diagnostics: DiagnosticCollector
  ) -> YAMLNode? {
    do throws(YAMLStop) {
      var builder = YAMLTreeBuilder(
        events: YAMLEvents(body), limits: limits, diagnostics: diagnostics)
      return try builder.document()
    } catch {
      // A limit has been reported where it was met.
      if case .syntax(let error) = error {
        YAMLSyntaxMessage(error, in: body).report(to: diagnostics)
      }
      return nil
    }
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

  private static func foreignEncoding(_ bytes: [UInt8]) -> String? {
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) { return "UTF-16" }
    return nil
  }
}
