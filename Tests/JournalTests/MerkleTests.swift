import Journal
import Testing

/// RFC 9162 §2.1.1, with the vectors that Certificate Transparency's implementations share.
struct MerkleTests {
  static let leaves = [
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ]

  /// The roots of the trees of the first 0, 1, … 8 leaves.
  static let roots = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ]

  @Test(arguments: 0...8)
  func hasThePublishedRoots(count: Int) throws {
    let leaves = try Self.leaves.prefix(count).map { try #require(Hex.bytes(of: $0)) }
    #expect(Merkle.root(of: leaves.map(Merkle.leafHash)).hex == Self.roots[count])
  }

  /// The definition, word by word: split at the largest power of two smaller than the count.
  private func definition(_ leafHashes: ArraySlice<Digest>) -> Digest {
    guard leafHashes.count > 1 else { return leafHashes.first ?? Digest(of: []) }
    var split = 1
    while split * 2 < leafHashes.count { split *= 2 }
    return Merkle.nodeHash(
      definition(leafHashes.prefix(split)), definition(leafHashes.dropFirst(split)))
  }

  @Test func growsAsTheDefinitionSays() throws {
    let leafHashes = (0..<130).map { Merkle.leafHash([UInt8($0)]) }
    var frontier = MerkleFrontier()
    for count in 0...leafHashes.count {
      #expect(frontier.root == definition(leafHashes.prefix(count)), "\(count) leaves")
      #expect(frontier.hashes.count <= 8)
      #expect(frontier == MerkleFrontier(size: count, hashes: frontier.hashes))
      if count < leafHashes.count { frontier.append(leafHashes[count]) }
    }
  }

  @Test func refusesAFrontierOfAnotherSize() {
    let hash = Digest(of: [])
    #expect(MerkleFrontier(size: 3, hashes: [hash]) == nil)
    #expect(MerkleFrontier(size: 0, hashes: [hash]) == nil)
    #expect(MerkleFrontier(size: -1, hashes: []) == nil)
  }
}

struct DigestTests {
  /// FIPS 180-4's example, and the million a's that go through more than one block.
  @Test func isSHA256() {
    #expect(
      Digest(of: "abc".utf8).hex
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(
      Digest(of: [UInt8](repeating: 0x61, count: 1_000_000)).hex
        == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func readsItsOwnTextAndNoOther() throws {
    let digest = Digest(of: [])
    #expect(Digest(digest.description) == digest)
    #expect(Digest(digest.hex) == digest)
    #expect(try JSON(encoding: digest) == .string("sha256:" + MerkleTests.roots[0]))
    #expect(Digest(String(digest.hex.dropLast())) == nil)
    #expect(Digest(String(digest.hex.dropLast()) + "g") == nil)
    #expect(code { let _: Digest = try JSON.string(digest.hex).decode() } == .mismatched)
    let upper = JSON.string("sha256:" + digest.hex.uppercased())
    #expect(code { let _: Digest = try upper.decode() } == .mismatched)
  }
}
