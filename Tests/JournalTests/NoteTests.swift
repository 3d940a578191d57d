import Foundation
import Testing

@testable import Journal

/// C2SP signed-note and tlog-checkpoint.
struct NoteTests {
  /// The example of Go's `note` package, which the specification came from.
  private static let publicKey =
    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
  private static let privateKey =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
  private static let text =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
  private static let note =
    text
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"

  @Test func signsAsTheReferenceDoes() throws {
    let key = try #require(SigningKey(Self.privateKey))
    #expect(key.verifier.description == Self.publicKey)
    #expect(key.secretText == Self.privateKey)
    #expect("\(key)" == Self.publicKey, "a private key never prints")
    #expect(SignedNote(signing: Self.text, with: [key]).description == Self.note)
  }

  @Test func readsTheReference() throws {
    let key = try #require(VerifierKey(Self.publicKey))
    let note = try #require(SignedNote(Self.note))
    #expect(note.text == Self.text)
    #expect(try note.signers(among: [key]) == [key])
    #expect(note.description == Self.note)
    let stranger = try #require(SigningKey(newFor: "PeterNeumann"))
    #expect(try note.signers(among: [stranger.verifier]).isEmpty)
  }

  @Test func everyChangedByteIsFound() throws {
    let key = try #require(VerifierKey(Self.publicKey))
    let bytes = Array(Self.note.utf8)
    for place in bytes.indices {
      for change: UInt8 in [1, 0x20, 0x80] {
        var changed = bytes
        changed[place] ^= change
        guard let text = String(validating: changed, as: UTF8.self), let note = SignedNote(text)
        else { continue }
        let signers = (try? note.signers(among: [key])) ?? []
        #expect(signers.isEmpty, "byte \(place) ^ \(change)")
      }
    }
  }

  @Test(arguments: [
    "", "a", "a+", "a+00000000+",
    "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
  ])
  func whatIsNoKeyIsRefused(_ text: String) {
    #expect(VerifierKey(text) == nil)
    #expect(SigningKey("PRIVATE+KEY+" + text) == nil)
  }

  @Test(arguments: ["", "a b", "a+b", "a\nb"])
  func whatIsNoNameIsRefused(_ name: String) { #expect(SigningKey(newFor: name) == nil) }

  @Test(arguments: [
    "", "text\n", "text\n\n", "text\n\n— a", "text\n\n— a b c\n", "text\n\n- a AAAAAAAA\n",
    "text\n\n— a AAAA\n",
  ])
  func whatIsNoNoteIsRefused(_ text: String) { #expect(SignedNote(text) == nil) }

  /// The specification's example.
  @Test func aCheckpoint() throws {
    let text =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    let checkpoint = try #require(Checkpoint(text))
    #expect(checkpoint.origin == "example.com/behind-the-sofa")
    #expect(checkpoint.head.size == 20_852_163)
    #expect(checkpoint.head.root.hex.hasPrefix("0ac5186a91863e8e"))
    #expect(checkpoint.text == text)
    #expect(Checkpoint(text + "an extension\n")?.extensions == ["an extension"])
  }

  @Test(arguments: [
    "", "a\n1\n", "a\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    "a\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "a\n1\nAAAA\n",
    "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
    "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
    "a\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
  ])
  func whatIsNoCheckpointIsRefused(_ text: String) { #expect(Checkpoint(text) == nil) }
}
