internal import Foundation

/// What a journal's head was, in the form that others sign and compare: C2SP tlog-checkpoint
/// (https://c2sp.org/tlog-checkpoint).
public struct Checkpoint: Sendable, Hashable {
  /// Which log it is of: one line.
  public let origin: String
  public let head: TreeHead
  /// Lines that follow, which a reader may ignore.
  public let extensions: [String]

  public init(origin: String, head: TreeHead, extensions: [String] = []) {
    self.origin = origin
    self.head = head
    self.extensions = extensions
  }

  /// Reads a checkpoint's text; nil when it isn't one.
  public init?(_ text: String) {
    guard text.hasSuffix("\n") else { return nil }
    let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, !lines.contains(where: \.isEmpty), let size = Int(lines[1]), size >= 0,
      String(size) == lines[1], let bytes = Data(base64Encoded: String(lines[2])),
      let root = Digest(bytes: bytes)
    else { return nil }
    self.init(
      origin: String(lines[0]), head: TreeHead(size: size, root: root),
      extensions: lines.dropFirst(3).map(String.init))
  }

  /// What is signed.
  public var text: String {
    ([origin, String(head.size), Data(head.root.bytes).base64EncodedString()] + extensions)
      .map { $0 + "\n" }.joined()
  }
}
