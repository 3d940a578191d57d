import Subprocess

/// What a program wrote, up to a limit. The rest is read too, so that the program isn't blocked, and counted.
struct CutText: Sendable {
  let text: String
  let cutBytes: Int

  /// Bytes that are not UTF-8 become U+FFFD.
  init(reading sequence: SubprocessOutputSequence, limit: Int) async throws {
    var kept: [UInt8] = []
    var cut = 0
    for try await buffer in sequence {
      buffer.withUnsafeBytes { bytes in
        let taken = min(bytes.count, limit - kept.count)
        kept.append(contentsOf: bytes.prefix(taken))
        cut += bytes.count - taken
      }
    }
    text = String(decoding: kept, as: UTF8.self)
    cutBytes = cut
  }
}
