/// A short number that stands for a text: FNV-1a. It tells texts apart that nobody made alike on purpose.
enum Fingerprint {
  static func of(_ text: String) -> String {
    let hash = text.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) {
      ($0 ^ UInt64($1)) &* 0x0100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
