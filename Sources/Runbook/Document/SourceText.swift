import Foundation

/// The bytes of a file, and what to call it in messages.
public struct SourceText: Sendable {
  public let file: String
  public let bytes: [UInt8]

  public init(file: String, bytes: [UInt8]) {
    self.file = file
    self.bytes = bytes
  }

  public init(file: String, text: String) {
    self.init(file: file, bytes: Array(text.utf8))
  }

  /// Reads a file, and of a large one no more than shows that it's too large.
  public init(contentsOf path: String) throws(Diagnostics) {
    let bytes: Data?
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      bytes = try handle.read(upToCount: YAMLLimits().bytes + 1)
      try handle.close()
    } catch {
      let unreadable = Diagnostic(
        severity: .error, code: DiagnosticCode(.yaml, .unreadable),
        message: "the file can't be read: \(Self.reason(error))",
        hint: "check the path and its permissions", file: path, position: nil)
      throw Diagnostics(all: [unreadable], omitted: 0, errorCount: 1)
    }
    self.init(file: path, bytes: Array(bytes ?? Data()))
  }

  private static func reason(_ error: any Error) -> String {
    let error = error as NSError
    let underlying = error.userInfo[NSUnderlyingErrorKey] as? NSError ?? error
    guard underlying.domain == NSPOSIXErrorDomain else { return error.localizedDescription }
    return String(cString: strerror(Int32(underlying.code)))
  }
}
