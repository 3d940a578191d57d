internal import Foundation
internal import GRDB

/// Reads rows as they are: a value of another type is damage to report, where GRDB's own
/// conversions would convert it silently or end the process.
struct SQLiteRows {
  let path: String

  func state(_ db: Database) throws -> StoreState {
    guard
      let row = try Row.fetchOne(db, sql: "SELECT size, root, frontier, last_epoch FROM tree"),
      let size = integer(row["size"]), let root = digest(row["root"]),
      let frontier = blob(row["frontier"]), let lastEpoch = integer(row["last_epoch"]),
      let hashes = digests(frontier), let tree = MerkleFrontier(size: size, hashes: hashes)
    else { throw JournalError.damaged("the stored Merkle tree can't be read", path: path) }
    let leases = try Row.fetchAll(db, sql: "SELECT scope, epoch, tenure FROM leases").map(lease)
    return StoreState(tree: tree, root: root, lastEpoch: lastEpoch, leases: leases)
  }

  private func lease(_ row: Row) throws -> LeaseRecord {
    guard let scope = text(row["scope"]), let epoch = integer(row["epoch"]) else {
      throw JournalError.damaged("a stored lease can't be read", path: path)
    }
    return LeaseRecord(scope: scope, epoch: epoch, tenure: try tenure(row["tenure"], scope: scope))
  }

  private func tenure(_ value: DatabaseValue, scope: String) throws -> LeaseRecord.Tenure? {
    if value.isNull { return nil }
    do {
      return try JSON(parsing: Data((text(value) ?? "").utf8)).decode()
    } catch {
      throw JournalError.damaged("the stored lease on \(scope) can't be read", path: path)
    }
  }

  func entry(_ row: Row) throws -> StoredEntry {
    guard let index = integer(row["idx"]) else {
      throw JournalError.damaged("an entry has no place", path: path)
    }
    let run: DatabaseValue = row["run"]
    guard let bytes = blob(row["bytes"]), let leafHash = digest(row["leaf_hash"]),
      let root = digest(row["root"]), let kind = text(row["kind"]),
      run.isNull || text(run) != nil
    else { throw JournalError.damaged("the row of entry \(index) can't be read", path: path) }
    return StoredEntry(
      index: index, bytes: bytes, leafHash: leafHash, root: root, kind: kind, run: text(run))
  }

  private func integer(_ value: DatabaseValue) -> Int? {
    guard case .int64(let integer) = value.storage else { return nil }
    return Int(exactly: integer)
  }

  private func text(_ value: DatabaseValue) -> String? {
    guard case .string(let text) = value.storage else { return nil }
    return text
  }

  private func blob(_ value: DatabaseValue) -> Data? {
    guard case .blob(let data) = value.storage else { return nil }
    return data
  }

  private func digest(_ value: DatabaseValue) -> Digest? {
    blob(value).flatMap { Digest(bytes: $0) }
  }

  private func digests(_ bytes: Data) -> [Digest]? {
    guard bytes.count.isMultiple(of: Digest.byteCount) else { return nil }
    return stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap {
      Digest(bytes: bytes.dropFirst($0).prefix(Digest.byteCount))
    }
  }
}

extension Digest {
  var data: Data { Data(bytes) }
}
