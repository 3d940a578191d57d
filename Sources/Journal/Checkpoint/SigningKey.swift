internal import CCrypto
internal import Foundation

/// A private key for notes: Ed25519. It prints as its public half.
public struct SigningKey: Sendable, CustomStringConvertible {
  private static let prefix = "PRIVATE+KEY+"

  private let seed: [UInt8]
  public let verifier: VerifierKey

  /// A new one, of random bytes. Nil when `name` is none.
  public init?(newFor name: String) {
    var generator = SystemRandomNumberGenerator()
    self.init(
      name: name,
      seed: (0..<VerifierKey.byteCount).map { _ in UInt8.random(in: 0 ... .max, using: &generator) }
    )
  }

  /// Reads `PRIVATE+KEY+name+hash+seed`, as Go's `note` package writes it.
  public init?(_ text: String) {
    guard text.hasPrefix(Self.prefix) else { return nil }
    let parts = text.dropFirst(Self.prefix.count)
      .split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let key = Data(base64Encoded: String(parts[2])),
      key.first == VerifierKey.algorithm
    else { return nil }
    self.init(name: String(parts[0]), seed: Array(key.dropFirst()))
    guard Hex.digits(of: verifier.hash) == parts[1] else { return nil }
  }

  private init?(name: String, seed: [UInt8]) {
    guard seed.count == VerifierKey.byteCount,
      let verifier = Self.publicKey(of: seed).flatMap({ VerifierKey(name: name, bytes: $0) })
    else { return nil }
    self.seed = seed
    self.verifier = verifier
  }

  public var description: String { verifier.description }

  /// For the key's file, which its owner alone may read.
  public var secretText: String {
    let key = Data([VerifierKey.algorithm] + seed).base64EncodedString()
    return "\(Self.prefix)\(verifier.name)+\(Hex.digits(of: verifier.hash))+\(key)"
  }

  func sign(_ message: [UInt8]) -> [UInt8] {
    let signature = Self.withKey(of: seed) { key -> [UInt8]? in
      guard let context = EVP_MD_CTX_new() else { return nil }
      defer { EVP_MD_CTX_free(context) }
      var signature = [UInt8](repeating: 0, count: 64)
      var count = signature.count
      guard EVP_DigestSignInit(context, nil, nil, nil, key) == 1,
        EVP_DigestSign(context, &signature, &count, message, message.count) == 1
      else { return nil }
      return signature
    }
    // Without memory, or without Ed25519: no state of the program is worth saving then.
    guard let signature else { fatalError("libcrypto could not sign") }
    return signature
  }

  private static func publicKey(of seed: [UInt8]) -> [UInt8]? {
    withKey(of: seed) { key in
      var bytes = [UInt8](repeating: 0, count: VerifierKey.byteCount)
      var count = bytes.count
      return EVP_PKEY_get_raw_public_key(key, &bytes, &count) == 1 ? bytes : nil
    }
  }

  private static func withKey<Result>(
    of seed: [UInt8], _ body: (OpaquePointer) -> Result?
  ) -> Result? {
    guard let key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nil, seed, seed.count) else {
      return nil
    }
    defer { EVP_PKEY_free(key) }
    return body(key)
  }
}
