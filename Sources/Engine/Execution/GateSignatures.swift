public import Foundation
public import Journal

/// Makes and verifies people's signatures on answers to gates.
public protocol GateSignatures: Sendable {
  /// Whether the person at this process has named a key to sign with.
  var canSign: Bool { get }

  /// A signature with that key, armored. Throws `ActionError`.
  func sign(_ statement: Data) async throws -> String

  /// Whose key made the signature, by the file of allowed signers as of that moment; nil when it doesn't hold, or nobody's
  /// did.
  func signer(
    of statement: Data, _ signature: SignatureRecord, allowedSigners: String
  ) async throws -> String?
}

/// Nobody signs, and no signature can be verified.
public struct NoSignatures: GateSignatures {
  public init() {}
  public var canSign: Bool { false }
  public func sign(_ statement: Data) async throws -> String { "" }
  public func signer(
    of statement: Data, _ signature: SignatureRecord, allowedSigners: String
  ) async throws -> String? { nil }
}
