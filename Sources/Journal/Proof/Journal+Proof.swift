extension Journal {
  /// That an entry is among the journal's first `size`, by default all of them. Throws `noSuchEntry`, and `damaged` when the
  /// journal doesn't have the root that it gives.
  public func proveInclusion(of index: Int, in size: Int? = nil) async throws -> InclusionProof {
    let head = try await head(of: size)
    guard index >= 0, index < head.size else { throw noEntry(index) }
    let ranges = MerkleRanges.inclusion(of: index, in: 0..<head.size)
    let roots = try await roots(of: ranges + [index..<index + 1])
    let proof = InclusionProof(index: index, size: head.size, path: Array(roots.dropLast()))
    guard let leaf = roots.last, proof.root(over: leaf) == head.root else { throw untrue(head) }
    return proof
  }

  /// That the journal's first `from` entries are the beginning of its first `to`, by default all of them. Throws as
  /// `proveInclusion`.
  public func proveConsistency(from: Int, to: Int? = nil) async throws -> ConsistencyProof {
    let head = try await head(of: to)
    guard from >= 0, from <= head.size else { throw noEntry(from) }
    let ranges = from == 0 ? [] : MerkleRanges.consistency(from: from, in: 0..<head.size)
    let proof = ConsistencyProof(from: from, to: head.size, path: try await roots(of: ranges))
    let old = try await self.head(of: from)
    guard proof.connects(old.root, to: head.root) else { throw untrue(head) }
    return proof
  }

  /// Size and root of the journal when it had so many entries; nil: now.
  public func head(of size: Int?) async throws -> TreeHead {
    let present = try await head()
    guard let size, size != present.size else { return present }
    guard size >= 0, size < present.size else { throw noEntry(size) }
    guard size > 0 else { return TreeHead(size: 0, root: Merkle.emptyRoot) }
    guard let last = try await store.page(from: size - 1, matching: .all).first else {
      throw noEntry(size - 1)
    }
    return TreeHead(size: size, root: last.root)
  }

  /// The roots over disjoint ranges of leaves, in the ranges' order: one pass, in constant memory.
  private func roots(of ranges: [Range<Int>]) async throws -> [Digest] {
    var roots: [Range<Int>: Digest] = [:]
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      roots[range] = try await root(of: range)
    }
    return ranges.compactMap { roots[$0] }
  }

  private func root(of range: Range<Int>) async throws -> Digest {
    var tree = MerkleFrontier()
    while tree.size < range.count {
      try Task.checkCancellation()
      let page = try await store.page(from: range.lowerBound + tree.size, matching: .all)
      guard !page.isEmpty else { throw noEntry(range.lowerBound + tree.size) }
      for stored in page.prefix(range.count - tree.size) {
        tree.append(Merkle.leafHash(stored.bytes))
      }
    }
    return tree.root
  }

  private func noEntry(_ index: Int) -> JournalError {
    JournalError(
      code: .noSuchEntry, message: "the journal has no entry \(index)",
      advice: "List what it has: lifeboat audit list", path: path)
  }

  private func untrue(_ head: TreeHead) -> JournalError {
    JournalError(
      code: .damaged, message: "its first \(head.size) entries don't give the root that is kept",
      advice: "Keep a copy of the journal's files, then run: lifeboat audit verify", path: path)
  }
}
