internal import Foundation

/// Reading a journal whose directory this process can't write, where SQLite can't keep its locks:
/// sound only while nobody writes, which is watched.
struct UnlockedRead {
  private struct Fingerprint: Equatable {
    let inode: UInt64
    let size: Int64
    let modifiedSeconds: Int
    let modifiedNanoseconds: Int
  }

  private let place: JournalDirectory
  private let fingerprint: Fingerprint

  /// Throws `readOnly` when a write-ahead log would have to be replayed first.
  init(_ place: JournalDirectory) throws {
    self.place = place
    guard UnlockedRead.size(of: place.walPath) == 0 else {
      throw JournalError(
        code: .readOnly,
        message: "the journal has a write-ahead log, which can't be read without writing here",
        advice: "Copy \(JournalDirectory.fileName) and \(JournalDirectory.fileName)-wal to a "
          + "directory that you can write, and set LIFEBOAT_HOME to it.",
        path: place.path)
    }
    fingerprint = try UnlockedRead.fingerprint(place)
  }

  /// For SQLite: don't lock, don't look for a write-ahead log.
  var uri: String {
    var components = URLComponents()
    components.scheme = "file"
    components.path = place.path
    components.queryItems = [URLQueryItem(name: "immutable", value: "1")]
    return components.string ?? place.path
  }

  /// Throws `busy` when somebody wrote since the journal was opened: what was read may be a mixture.
  func checkUndisturbed() throws {
    let now = try UnlockedRead.fingerprint(place)
    guard now == fingerprint, UnlockedRead.size(of: place.walPath) == 0 else {
      throw JournalError(
        code: .busy, message: "the journal was written while it was read",
        advice: "Try again, or read it as a user who can write its directory.", path: place.path)
    }
  }

  /// 0 when there is no such file.
  private static func size(of path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : 0
  }

  private static func fingerprint(_ place: JournalDirectory) throws -> Fingerprint {
    try place.requireFile()
    var status = stat()
    guard stat(place.path, &status) == 0 else {
      throw JournalError.storageFailed("the journal's file vanished", path: place.path)
    }
    return Fingerprint(
      inode: UInt64(status.st_ino), size: Int64(status.st_size),
      modifiedSeconds: status.st_mtim.tv_sec, modifiedNanoseconds: status.st_mtim.tv_nsec)
  }
}
