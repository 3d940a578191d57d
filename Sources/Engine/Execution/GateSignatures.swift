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

/// Who granted something, with the evidence for who it was.
struct Granter: Sendable {
  let person: PersonRecord
  /// Whose key signed it; nil when it isn't signed, or the signature doesn't hold.
  let principal: String?

  /// Decided by the strongest evidence that there is of both: signatures, then the kernel's word. What can't be told apart is
  /// one person.
  func isSurelyAnother(than other: Granter) -> Bool {
    if let principal, let others = other.principal { return principal != others }
    return person.isSurelyAnother(than: other.person)
  }
}

extension [Granter] {
  /// How many different people these are for sure. One that can be anybody, as root, counts only when nobody else does.
  var people: Int {
    let known = filter { $0.principal != nil || $0.person.account != nil }
    let different = known.reduce(into: [Granter]()) { people, granter in
      if people.allSatisfy({ granter.isSurelyAnother(than: $0) }) { people.append(granter) }
    }
    return isEmpty ? 0 : Swift.max(1, different.count)
  }
}
