internal import Foundation

/// Up to which checkpoint each witness has been served. What is above it is the queue: checkpoints are files that
/// stay.
public struct DeliveryLedger: Sendable {
  private let directory: String

  public init(home: String) { directory = home + "/witnesses" }

  /// The size of the largest checkpoint that this witness has got; 0 before the first. Throws `JournalError`.
  ///
  /// What can't be read counts as nothing: a copy more does no harm.
  public func size(deliveredTo witness: String) throws -> Int {
    let text = try file(witness).read().map { String(decoding: $0, as: UTF8.self) } ?? ""
    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  /// Throws `JournalError`.
  public func note(_ checkpoint: SignedCheckpoint, deliveredTo witness: String) throws {
    guard mkdir(directory, 0o700) == 0 || errno == EEXIST else {
      throw JournalError.storageFailed("\(directory) can't be made", path: directory)
    }
    guard try checkpoint.head.size > size(deliveredTo: witness) else { return }
    try file(witness).replace(with: Data("\(checkpoint.head.size)\n".utf8), mode: 0o600)
  }

  /// A witness's name is one of the inventory's: small letters, digits and '-'.
  private func file(_ witness: String) -> DurableFile {
    DurableFile(path: "\(directory)/\(witness)")
  }
}
