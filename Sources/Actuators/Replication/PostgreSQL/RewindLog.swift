/// Which files of a server's log `pg_rewind` reads: those from the last checkpoint on that both servers have. Where its words
/// don't say which that is, all of them.
struct RewindLog: Sendable {
  private let firstSegment: Int
  private let segmentBytes: Int?

  /// - Parameter announced: what `pg_rewind --dry-run` said.
  init(announced: String, segmentBytes: Int?) {
    self.segmentBytes = segmentBytes
    let start = announced.firstMatch(of: /last common checkpoint at ([0-9A-F]+\/[0-9A-F]+) on/)
      .flatMap { LogPosition($0.1) }
    firstSegment = start.flatMap { start in segmentBytes.map { start.bytes / $0 } } ?? 0
  }

  /// By its name: a timeline, and a place in the log in two halves, of eight hexadecimal digits each. What is named
  /// otherwise, as a timeline's history is, is included.
  func includes(file path: String) -> Bool {
    let name = path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
    guard let segmentBytes, name.prefix(24).allSatisfy(\.isHexDigit), name.count >= 24,
      let high = Int(name.dropFirst(8).prefix(8), radix: 16),
      let low = Int(name.dropFirst(16).prefix(8), radix: 16)
    else { return true }
    return high * (0x1_0000_0000 / segmentBytes) + low >= firstSegment
  }
}
