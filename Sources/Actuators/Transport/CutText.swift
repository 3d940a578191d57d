import Subprocess

/// What a program wrote, up to a limit. The rest is read too, so that the program isn't blocked, and counted.
struct CutText: Sendable {
  /// Of each of a command's two outputs.
  static let limitBytes = 1 << 20

  private var kept: [UInt8] = []
  private(set) var cutBytes = 0

  init() {}

  init(reading sequence: SubprocessOutputSequence) async throws {
    for try await buffer in sequence { buffer.withUnsafeBytes { append($0) } }
  }

  /// Bytes that are not UTF-8 become U+FFFD.
  var text: String { String(decoding: kept, as: UTF8.self) }

  mutating func append(_ bytes: some Collection<UInt8>) {
    let taken = min(bytes.count, Self.limitBytes - kept.count)
    kept.append(contentsOf: bytes.prefix(taken))
    cutBytes += bytes.count - taken
  }
}
