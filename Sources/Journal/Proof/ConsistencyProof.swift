/// That a journal only grew: its first entries are those that it had when it was smaller. RFC 9162, §2.1.4.
public struct ConsistencyProof: Sendable, Hashable, Codable {
  /// How many entries it had, and how many it has.
  public let from: Int
  public let to: Int
  /// Roots of subtrees.
  public let path: [Digest]

  public init(from: Int, to: Int, path: [Digest]) {
    self.from = from
    self.to = to
    self.path = path
  }

  /// Whether the tree with the one root is the beginning of that with the other. RFC 9162, §2.1.4.2.
  public func connects(_ old: Digest, to new: Digest) -> Bool {
    guard from >= 0, from <= to else { return false }
    if from == to { return path.isEmpty && old == new }
    // Nothing is the beginning of everything.
    if from == 0 { return path.isEmpty && old == Merkle.emptyRoot }
    let isComplete = from & (from - 1) == 0
    var rest = ((isComplete ? [old] : []) + path)[...]
    guard let first = rest.popFirst() else { return false }
    var (place, last) = (from - 1, to - 1)
    while !place.isMultiple(of: 2) {
      place >>= 1
      last >>= 1
    }
    var (oldRoot, newRoot) = (first, first)
    for hash in rest {
      guard last > 0 else { return false }
      if !place.isMultiple(of: 2) || place == last {
        oldRoot = Merkle.nodeHash(hash, oldRoot)
        newRoot = Merkle.nodeHash(hash, newRoot)
        while place.isMultiple(of: 2), place != 0 {
          place >>= 1
          last >>= 1
        }
      } else {
        newRoot = Merkle.nodeHash(newRoot, hash)
      }
      place >>= 1
      last >>= 1
    }
    return last == 0 && oldRoot == old && newRoot == new
  }
}
