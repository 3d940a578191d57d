internal import CCrypto

/// One SHA-256 computation in OpenSSL's libcrypto; frees its context by itself.
///
/// libcrypto can fail here only without memory or without SHA-256: no program state is worth
/// saving then, and a wrong digest would be worse than ending.
struct SHA256: ~Copyable {
  private let context: OpaquePointer

  init() {
    guard let context = EVP_MD_CTX_new() else { fatalError("libcrypto has no memory left") }
    guard EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
      fatalError("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  mutating func update(_ bytes: [UInt8]) {
    guard EVP_DigestUpdate(context, bytes, bytes.count) == 1 else {
      fatalError("libcrypto could not hash")
    }
  }

  consuming func finalize() -> Digest {
    var bytes = [UInt8](repeating: 0, count: Digest.byteCount)
    guard EVP_DigestFinal_ex(context, &bytes, nil) == 1, let digest = Digest(bytes: bytes) else {
      fatalError("libcrypto could not finish a hash")
    }
    return digest
  }
}
