import Foundation

/// `head.json` of an outbox: the newest snapshot, and how fresh it is.
struct ShippedHead: Codable, Equatable, Sendable {
  let epoch: Int64
  let position: Int64
  /// Everything that was committed at the primary up to this moment is in the snapshot.
  var asOf: Timestamp
  let sha256: String
  let file: String
  let sourceSite: String
  let baseEpoch: Int64?
  let basePosition: Int64?

  var at: LinePosition { LinePosition(epoch: epoch, position: position) }

  var base: LinePosition? {
    guard let baseEpoch, let basePosition else { return nil }
    return LinePosition(epoch: baseEpoch, position: basePosition)
  }
}

/// A directory of snapshots on their way to the other site. A snapshot never changes once it has
/// its name; the head is replaced after the snapshot that it names is durable.
struct Outbox: Sendable {
  let directory: String
  static let kept = 5
  static let snapshotSuffix = ".sqlite"

  private var headFile: String { "\(directory)/head.json" }

  func snapshotFile(_ name: String) -> String { "\(directory)/\(name)" }

  static func snapshotName(_ at: LinePosition) -> String {
    String(format: "%06lld-%012lld", at.epoch, at.position) + snapshotSuffix
  }

  /// What has been shipped last; nil when nothing has been, or the site is not there at all.
  func head() throws -> ShippedHead? {
    guard let data = try File.readIfPresent(headFile) else { return nil }
    do {
      return try JSON.decode(ShippedHead.self, from: data)
    } catch {
      throw LabError(.invalidFile, "\(headFile): is no head of an outbox: \(error)")
    }
  }

  func publish(_ head: ShippedHead) throws {
    try File.replace(headFile, with: try JSON.encode(head))
  }

  func removeOldSnapshots() throws {
    let snapshots = try File.names(in: directory).filter { $0.hasSuffix(Self.snapshotSuffix) }
    for name in snapshots.dropLast(Self.kept) { try File.remove(snapshotFile(name)) }
  }
}
