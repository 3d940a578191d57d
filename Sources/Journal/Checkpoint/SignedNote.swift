internal import Foundation

/// A text and who signed it, as C2SP signed-note (https://c2sp.org/signed-note) writes it.
public struct SignedNote: Sendable, Hashable, CustomStringConvertible {
  public struct Signature: Sendable, Hashable {
    public let name: String
    /// Of the key, to find it by; no proof.
    let keyHash: [UInt8]
    let bytes: [UInt8]
  }

  /// Whole lines, the last one's end included.
  public let text: String
  public internal(set) var signatures: [Signature]

  /// Signs a text, which ends with a line's end.
  public init(signing text: String, with keys: [SigningKey]) {
    self.text = text
    signatures = keys.map { key in
      Signature(
        name: key.verifier.name, keyHash: key.verifier.hash, bytes: key.sign(Array(text.utf8)))
    }
  }

  /// Reads a note; nil when it isn't one. Its signatures are not looked into.
  public init?(_ note: String) {
    guard note.hasSuffix("\n"), let divide = note.range(of: "\n\n", options: .backwards) else {
      return nil
    }
    let lines = note[divide.upperBound...].dropLast().split(
      separator: "\n", omittingEmptySubsequences: false)
    let signatures = lines.compactMap(Self.signature)
    guard !signatures.isEmpty, signatures.count == lines.count else { return nil }
    text = note[..<divide.lowerBound] + "\n"
    self.signatures = signatures
  }

  private static func signature(in line: Substring) -> Signature? {
    let words = line.split(separator: " ", omittingEmptySubsequences: false)
    guard words.count == 3, words[0] == "—", VerifierKey.isName(String(words[1])),
      let bytes = Data(base64Encoded: String(words[2])), bytes.count > 4
    else { return nil }
    return Signature(
      name: String(words[1]), keyHash: Array(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
  }

  public var description: String {
    text + "\n"
      + signatures.map { signature in
        let bytes = Data(signature.keyHash + signature.bytes).base64EncodedString()
        return "— \(signature.name) \(bytes)\n"
      }.joined()
  }

  /// Which of these keys signed it. Throws `WrongSignature` when a signature names one of them and isn't its: a note that
  /// was changed, or forged.
  public func signers(among keys: [VerifierKey]) throws(WrongSignature) -> [VerifierKey] {
    var signers: [VerifierKey] = []
    for signature in signatures {
      for key in keys where key.name == signature.name && key.hash == signature.keyHash {
        guard key.accepts(signature.bytes, of: Array(text.utf8)) else {
          throw WrongSignature(name: key.name)
        }
        signers.append(key)
      }
    }
    return signers
  }

  public struct WrongSignature: Error, Sendable, Hashable {
    public let name: String
  }
}
