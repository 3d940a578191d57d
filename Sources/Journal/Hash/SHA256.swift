internal import CCrypto

/// One SHA-256 computation in OpenSSL's libcrypto; frees its context by itself.
///
/// libcrypto can fail here only without memory or without SHA-256: no program state is worth
/// saving then, and a wrong digest would be worse than ending.
struct SHA256: ~Copyable {
  private let context: OpaquePointer
  /// Looked up once: libcrypto would do it again for each hash. It is never changed, nor freed.
  private nonisolated(unsafe) static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

  init() {
    guard let context = EVP_MD_CTX_new() else { fatalError("libcrypto has no memory left") }
    guard EVP_DigestInit_ex(context, SHA256.algorithm, nil) == 1 else {
      fatalError("libcrypto offers no SHA-256")
    }
    self.context = context
  }

  deinit {
    EVP_MD_CTX_free(context)
  }

  mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
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
