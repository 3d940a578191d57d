/// The hashes of the Merkle tree of RFC 9162 §2.1 with SHA-256 (the same as in RFC 6962).
///
/// Inclusion and consistency proofs belong here when they come.
public enum Merkle {
  /// The root of a tree without leaves: SHA-256 of nothing.
  public static let emptyRoot = Digest(of: [])

  /// SHA-256(0x00 ‖ content)
  public static func leafHash(_ content: some Sequence<UInt8>) -> Digest {
    var hasher = SHA256()
    hasher.update([0x00])
    let isHashed: Void? = content.withContiguousStorageIfAvailable {
      hasher.update(UnsafeRawBufferPointer($0))
    }
    if isHashed == nil { hasher.update(Array(content)) }
    return hasher.finalize()
  }

  /// SHA-256(0x01 ‖ left ‖ right)
  public static func nodeHash(_ left: Digest, _ right: Digest) -> Digest {
    var hasher = SHA256()
    hasher.update([0x01])
    hasher.update(left.bytes)
    hasher.update(right.bytes)
    return hasher.finalize()
  }

  /// The root of the tree over leaf hashes in their order.
  public static func root(of leafHashes: some Sequence<Digest>) -> Digest {
    var frontier = MerkleFrontier()
    for leafHash in leafHashes { frontier.append(leafHash) }
    return frontier.root
  }
}

/// What must be kept of a growing tree to append to it and know its root: the roots of its
/// complete subtrees, largest first, one for each 1 in the binary form of its size.
public struct MerkleFrontier: Sendable, Hashable {
  /// Number of leaves.
  public private(set) var size: Int
  public private(set) var hashes: [Digest]

  /// The empty tree.
  public init() {
    size = 0
    hashes = []
  }

  /// nil when so many hashes can't belong to a tree of this size.
  public init?(size: Int, hashes: [Digest]) {
    guard size >= 0, hashes.count == size.nonzeroBitCount else { return nil }
    self.size = size
    self.hashes = hashes
  }

  public mutating func append(_ leafHash: Digest) {
    var complete = leafHash
    // Each trailing 1 of the size is a complete subtree as large as the one just completed.
    for _ in 0..<(~size).trailingZeroBitCount {
      complete = Merkle.nodeHash(hashes.removeLast(), complete)
    }
    hashes.append(complete)
    size += 1
  }

  public var root: Digest {
    guard var root = hashes.last else { return Merkle.emptyRoot }
    for hash in hashes.dropLast().reversed() { root = Merkle.nodeHash(hash, root) }
    return root
  }

  public var head: TreeHead { TreeHead(size: size, root: root) }
}

/// What identifies the content of a journal: how many entries, and the root over all of them.
/// Signed, it is a checkpoint.
public struct TreeHead: Sendable, Hashable, Codable {
  public let size: Int
  public let root: Digest

  public init(size: Int, root: Digest) {
    self.size = size
    self.root = root
  }
}
