internal import CCrypto
internal import Foundation

/// A public key for notes, as `name+hash+key` (C2SP signed-note): Ed25519 only.
public struct VerifierKey: Sendable, Hashable, CustomStringConvertible {
  static let algorithm: UInt8 = 1
  static let byteCount = 32

  /// Who signs: a name without spaces and without `+`.
  public let name: String
  let bytes: [UInt8]

  init?(name: String, bytes: [UInt8]) {
    guard Self.isName(name), bytes.count == Self.byteCount else { return nil }
    self.name = name
    self.bytes = bytes
  }

  /// Reads `name+hash+key`; nil when it isn't one, or when its hash is another key's.
  public init?(_ text: String) {
    let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let key = Data(base64Encoded: String(parts[2])),
      key.first == Self.algorithm
    else { return nil }
    self.init(name: String(parts[0]), bytes: Array(key.dropFirst()))
    guard Hex.digits(of: hash) == parts[1] else { return nil }
  }

  public var description: String {
    "\(name)+\(Hex.digits(of: hash))+\(Data([Self.algorithm] + bytes).base64EncodedString())"
  }

  /// By which a signature names its key: the first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ key).
  var hash: [UInt8] {
    Array(Digest(of: Array("\(name)\n".utf8) + [Self.algorithm] + bytes).bytes.prefix(4))
  }

  static func isName(_ text: String) -> Bool {
    !text.isEmpty && !text.contains("+") && !text.contains { $0.isWhitespace }
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  func accepts(_ signature: [UInt8], of message: [UInt8]) -> Bool {
    guard
      let key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nil, bytes, bytes.count),
      let context = EVP_MD_CTX_new()
    else { return false }
    defer {
      EVP_MD_CTX_free(context)
      EVP_PKEY_free(key)
    }
    return EVP_DigestVerifyInit(context, nil, nil, nil, key) == 1
      && EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
  }
}
