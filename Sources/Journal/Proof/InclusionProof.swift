/// That an entry is in a journal of which only size and root are known: RFC 9162, §2.1.3.
public struct InclusionProof: Sendable, Hashable, Codable {
  /// The entry's place.
  public let index: Int
  /// How many entries the tree has.
  public let size: Int
  /// Roots of subtrees, from the leaf's sibling up.
  public let path: [Digest]

  public init(index: Int, size: Int, path: [Digest]) {
    self.index = index
    self.size = size
    self.path = path
  }

  /// The root of a tree that has this leaf at this place: the entry is in the journal if that is its root. Nil where the
  /// proof has no form: such a place is in no tree of that size, or its path has another length. RFC 9162, §2.1.3.2.
  public func root(over leafHash: Digest) -> Digest? {
    guard index >= 0, index < size else { return nil }
    var (place, last, root) = (index, size - 1, leafHash)
    for hash in path {
      guard last > 0 else { return nil }
      if !place.isMultiple(of: 2) || place == last {
        root = Merkle.nodeHash(hash, root)
        while place.isMultiple(of: 2), place != 0 {
          place >>= 1
          last >>= 1
        }
      } else {
        root = Merkle.nodeHash(root, hash)
      }
      place >>= 1
      last >>= 1
    }
    return last == 0 ? root : nil
  }
}
