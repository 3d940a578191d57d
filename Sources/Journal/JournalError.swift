/// Why the journal could not do what was asked. Nothing was written when it was thrown by an
/// operation that writes, and the journal can be used further.
public struct JournalError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Stable: scripts and documentation refer to the raw values.
  public enum Code: String, Sendable, CaseIterable {
    /// There is no journal.
    case notFound = "journal.not_found"
    /// It has no entry at that place.
    case noSuchEntry = "journal.no_such_entry"
    /// Its content is not what was written.
    case damaged = "journal.damaged"
    /// It isn't what a checkpoint was signed for.
    case rewritten = "journal.rewritten"
    /// The key that signs checkpoints can't be used.
    case keyUnusable = "journal.key_unusable"
    /// It was written by a newer version of Lifeboat.
    case newerVersion = "journal.newer_version"
    /// Another process is using it and did not let go in time.
    case busy = "journal.busy"
    /// The disk, or the quota, is full.
    case diskFull = "journal.disk_full"
    /// It, its directory or its file system can't be written.
    case readOnly = "journal.read_only"
    /// The operating system failed to read or write it in another way.
    case storageFailed = "journal.storage_failed"
    /// An entry is not representable: no canonical JSON, or too large.
    case unwritableEntry = "journal.unwritable_entry"
    /// Another holder has a lease on one of the scopes.
    case leaseHeld = "journal.lease_held"
    /// The lease is no longer in force: released, or taken over by someone else.
    case leaseLost = "journal.lease_lost"
    /// The entry needs a lease and none was given.
    case leaseRequired = "journal.lease_required"
  }

  public let code: Code
  /// What happened.
  public let message: String
  /// What to do next.
  public let advice: String
  /// Where: the journal's file, or the address of its store.
  public let path: String

  public init(code: Code, message: String, advice: String, path: String) {
    self.code = code
    self.message = message
    self.advice = advice
    self.path = path
  }

  public var description: String {
    "\(code.rawValue): \(message) (\(path)). \(advice)"
  }
}
