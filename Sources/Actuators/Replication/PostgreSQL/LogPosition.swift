/// A place in PostgreSQL's write-ahead log, written `0/1A2B3C`: so many bytes after the log's beginning.
struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
  let bytes: Int

  init(bytes: Int) { self.bytes = bytes }

  init?(_ text: some StringProtocol) {
    let halves = text.split(separator: "/", omittingEmptySubsequences: false)
    guard halves.count == 2, let high = UInt32(halves[0], radix: 16),
      let low = UInt32(halves[1], radix: 16), high <= Int32.max
    else { return nil }
    bytes = Int(high) << 32 | Int(low)
  }

  var description: String {
    let (high, low) = (bytes >> 32, bytes & 0xFFFF_FFFF)
    return "\(String(high, radix: 16, uppercase: true))/\(String(low, radix: 16, uppercase: true))"
  }

  static func < (left: LogPosition, right: LogPosition) -> Bool { left.bytes < right.bytes }

  static func - (left: LogPosition, right: LogPosition) -> Int { left.bytes - right.bytes }
}
