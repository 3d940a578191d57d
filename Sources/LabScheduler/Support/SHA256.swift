import CCrypto
import Foundation

enum SHA256 {
  /// The SHA-256 digest of `data` in lower-case hexadecimal.
  static func hexadecimal(_ data: Data) throws -> String {
    var digest = [UInt8](repeating: 0, count: 32)
    var length: UInt32 = 0
    let done = data.withUnsafeBytes {
      EVP_Digest($0.baseAddress, $0.count, &digest, &length, EVP_sha256(), nil)
    }
    guard done == 1, length == 32 else {
      throw LabError(.failed, "libcrypto could not compute SHA-256")
    }
    return digest.map { String(format: "%02x", $0) }.joined()
  }
}
