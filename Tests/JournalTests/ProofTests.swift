import Foundation
import TestSupport
import Testing

@testable import Journal

/// RFC 9162 §2.1.3 and §2.1.4.
struct ProofTests {
  private static let leaves = MerkleTests.leaves.map { Merkle.leafHash(Hex.bytes(of: $0) ?? []) }

  /// A journal of so many entries, and the roots that it had.
  private func journal(of count: Int) async throws -> (Journal, roots: [Digest]) {
    let journal = Journal(store: MemoryJournalStore())
    var roots = [try await journal.head().root]
    for number in 0..<count {
      try await journal.append(.sample(number), under: nil)
      roots.append(try await journal.head().root)
    }
    return (journal, roots)
  }

  /// Certificate Transparency's published proofs, over the eight leaves that its implementations share.
  @Test(arguments: [
    (
      0, 8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ]
    ),
    (
      5, 8,
      [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ]
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
      1, 5,
      [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ]
    ),
  ])
  func publishedInclusion(index: Int, size: Int, path: [String]) throws {
    let path = try path.map { try #require(Digest($0)) }
    let ranges = MerkleRanges.inclusion(of: index, in: 0..<size)
    #expect(ranges.map { Merkle.root(of: Self.leaves[$0]) } == path)
    let proof = InclusionProof(index: index, size: size, path: path)
    #expect(proof.root(over: Self.leaves[index])?.hex == MerkleTests.roots[size])
  }

  @Test func everyEntryOfEveryJournalIsProved() async throws {
    let (journal, roots) = try await journal(of: 18)
    for size in 1...18 {
      for index in 0..<size {
        let proof = try await journal.proveInclusion(of: index, in: size)
        let leaf = try await journal.leaf(index)
        #expect(proof.root(over: leaf) == roots[size])
        // No other leaf, place, size, or path.
        #expect(proof.root(over: Digest(of: [])) != roots[size])
        for changed in changes(of: proof) { #expect(changed.root(over: leaf) != roots[size]) }
      }
    }
  }

  @Test func everyBeginningOfEveryJournalIsProved() async throws {
    let (journal, roots) = try await journal(of: 18)
    for to in 0...18 {
      for from in 0...to {
        let proof = try await journal.proveConsistency(from: from, to: to)
        #expect(proof.connects(roots[from], to: roots[to]))
        guard 0 < from, from < to else { continue }
        let other = Digest(of: [1])
        #expect(!proof.connects(other, to: roots[to]))
        #expect(!proof.connects(roots[from], to: other))
        for place in proof.path.indices {
          var path = proof.path
          path[place] = other
          let changed = ConsistencyProof(from: from, to: to, path: path)
          #expect(!changed.connects(roots[from], to: roots[to]))
        }
        for path in [Array(proof.path.dropLast()), proof.path + [other]] where path != proof.path {
          let changed = ConsistencyProof(from: from, to: to, path: path)
          #expect(!changed.connects(roots[from], to: roots[to]))
        }
      }
    }
  }

  @Test func whatIsNotThereIsRefused() async throws {
    let (journal, _) = try await journal(of: 3)
    for (index, size) in [(3, 3), (-1, 3), (0, 4), (0, -1), (0, 0)] {
      let error = await #expect(throws: JournalError.self) {
        _ = try await journal.proveInclusion(of: index, in: size)
      }
      #expect(error?.code == .noSuchEntry)
    }
    let error = await #expect(throws: JournalError.self) {
      _ = try await journal.proveConsistency(from: 3, to: 2)
    }
    #expect(error?.code == .noSuchEntry)
  }

  private func changes(of proof: InclusionProof) -> [InclusionProof] {
    var changed = proof.path.indices.map { place in
      var path = proof.path
      path[place] = Digest(of: [1])
      return InclusionProof(index: proof.index, size: proof.size, path: path)
    }
    changed.append(
      InclusionProof(index: proof.index, size: proof.size, path: proof.path + [Digest(of: [1])]))
    if !proof.path.isEmpty {
      changed.append(
        InclusionProof(
          index: proof.index, size: proof.size, path: Array(proof.path.dropLast())))
      changed.append(
        InclusionProof(index: proof.index ^ 1, size: proof.size, path: proof.path))
    }
    return changed
  }
}

extension Journal {
  fileprivate func leaf(_ index: Int) async throws -> Digest {
    let page = try await store.page(from: index, matching: .all)
    return try Merkle.leafHash(#require(page.first).bytes)
  }
}
