/// Which subtrees' roots a proof consists of, as ranges of leaves: RFC 9162, §2.1.3.1 and §2.1.4.1.
enum MerkleRanges {
  /// From the leaf's sibling up to the root.
  static func inclusion(of index: Int, in tree: Range<Int>) -> [Range<Int>] {
    guard tree.count > 1 else { return [] }
    let middle = middle(of: tree)
    return index < middle
      ? inclusion(of: index, in: tree.lowerBound..<middle) + [middle..<tree.upperBound]
      : inclusion(of: index, in: middle..<tree.upperBound) + [tree.lowerBound..<middle]
  }

  /// From the first `size` leaves to all of `tree`, which has more.
  static func consistency(from size: Int, in tree: Range<Int>) -> [Range<Int>] {
    consistency(to: tree.lowerBound + size, in: tree, isKnown: true)
  }

  /// - Parameter isKnown: whether the verifier has the root of the old tree's part that is looked at: it is all of it.
  private static func consistency(
    to end: Int, in tree: Range<Int>, isKnown: Bool
  ) -> [Range<Int>] {
    if end == tree.upperBound { return isKnown ? [] : [tree] }
    let middle = middle(of: tree)
    return end <= middle
      ? consistency(to: end, in: tree.lowerBound..<middle, isKnown: isKnown)
        + [middle..<tree.upperBound]
      : consistency(to: end, in: middle..<tree.upperBound, isKnown: false)
        + [tree.lowerBound..<middle]
  }

  /// The left part has the largest power of two below the number of leaves.
  private static func middle(of tree: Range<Int>) -> Int {
    tree.lowerBound + 1 << (Int.bitWidth - 1 - (tree.count - 1).leadingZeroBitCount)
  }
}
