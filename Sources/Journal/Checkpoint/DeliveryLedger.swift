internal import Foundation

/// Up to which checkpoint each witness has been served. What is above it is the queue: checkpoints are files that
/// stay.
public struct DeliveryLedger: Sendable {
  private let directory: String

  private let isShared: Bool

  public init(home: String) {
    directory = home + "/witnesses"
    isShared = JournalDirectory(home).isShared
  }

  /// The size of the largest checkpoint that this witness has got; 0 before the first. Throws `JournalError`.
  ///
  /// What can't be read counts as nothing: a copy more does no harm.
  public func size(deliveredTo witness: String) throws -> Int {
    let text = try file(witness).read().map { String(decoding: $0, as: UTF8.self) } ?? ""
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  /// Throws `JournalError`.
  public func note(_ checkpoint: SignedCheckpoint, deliveredTo witness: String) throws {
    try DurableFile.makeDirectory(directory, mode: isShared ? 0o770 : 0o700)
    guard try checkpoint.head.size > size(deliveredTo: witness) else { return }
    try file(witness).replace(
      with: Data("\(checkpoint.head.size)\n".utf8), mode: isShared ? 0o660 : 0o600)
  }

  /// A witness's name is one of the inventory's: small letters, digits and '-'.
  private func file(_ witness: String) -> DurableFile {
    DurableFile(path: "\(directory)/\(witness)")
  }
}
