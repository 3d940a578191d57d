public import Foundation

/// Where a journal's bytes are kept. A store knows nothing of what they mean: index, hash, canonical
/// form and lease are decided by `Journal`, above it.
///
/// All methods throw `JournalError`, or what `decide` throws.
public protocol JournalStore: Sendable {
  /// Where the journal is, for messages: a file's path or an address.
  var path: String { get }

  /// The state as of the last commit.
  func state() async throws -> StoreState

  /// Changes the journal, all or nothing: `decide` is given the current state and answers with the
  /// change and a result. On return the change is durable and it stood on exactly that state; when
  /// `decide` throws, nothing is changed. A store without long transactions may call `decide`
  /// again with a newer state, so it must have no effects of its own. Commits take effect in the
  /// order in which they were called. Cancelling the task doesn't stop a commit.
  func commit<Result: Sendable>(
    _ decide: @escaping @Sendable (StoreState) throws -> (StoreChange, Result)
  ) async throws -> Result

  /// The next entries that match `filter`, in order, from place `index` on: as many as the store
  /// thinks fit to hold in memory, and none only when there are no more.
  func page(from index: Int, matching filter: EntryFilter) async throws -> [StoredEntry]

  /// The last entries before place `index` that match `filter`, the last one first: at most `limit`, and none only when
  /// there are no more.
  func page(
    before index: Int, matching filter: EntryFilter, limit: Int
  ) async throws -> [StoredEntry]

  /// The runs whose names end in `suffix`, in the order of their names.
  func runs(endingIn suffix: String) async throws -> [String]

  /// Looks for damage in the store's own structures; says what it found, nil when nothing.
  func damage() async throws -> String?

  /// Lets go of files and connections. The store can't be used afterwards.
  func close() throws
}

/// All of a journal except its entries.
public struct StoreState: Sendable, Hashable {
  public let tree: MerkleFrontier
  /// The root as stored: that of `tree`, unless there is damage.
  public let root: Digest
  /// The last epoch that was given to a lease, of whatever scope; 0 before the first.
  public let lastEpoch: Int
  /// One record for each scope that ever had a lease.
  public let leases: [LeaseRecord]

  public init(tree: MerkleFrontier, root: Digest, lastEpoch: Int, leases: [LeaseRecord]) {
    self.tree = tree
    self.root = root
    self.lastEpoch = lastEpoch
    self.leases = leases
  }
}

/// What a commit changes.
public struct StoreChange: Sendable {
  /// New entries, in order, the first at the place `tree.size` had before.
  public let entries: [StoredEntry]
  /// The tree with them.
  public let tree: MerkleFrontier
  public let lastEpoch: Int
  /// Records that are new or replace the one of the same scope.
  public let leases: [LeaseRecord]

  public init(
    entries: [StoredEntry], tree: MerkleFrontier, lastEpoch: Int, leases: [LeaseRecord]
  ) {
    self.entries = entries
    self.tree = tree
    self.lastEpoch = lastEpoch
    self.leases = leases
  }
}

/// An entry as a store keeps it. The bytes are the entry; all else is derived from them.
public struct StoredEntry: Sendable, Hashable {
  public let index: Int
  /// The canonical bytes, exactly as hashed.
  public let bytes: Data
  public let leafHash: Digest
  /// The root of the tree whose last leaf this is.
  public let root: Digest
  /// To be searched by.
  public let kind: String
  /// To be searched by.
  public let run: String?

  public init(
    index: Int, bytes: Data, leafHash: Digest, root: Digest, kind: String, run: String?
  ) {
    self.index = index
    self.bytes = bytes
    self.leafHash = leafHash
    self.root = root
    self.kind = kind
    self.run = run
  }
}

/// Which entries to read. All conditions must hold.
public struct EntryFilter: Sendable, Hashable {
  /// Only those of this run.
  public var run: String?
  /// Only those of these kinds.
  public var kinds: Set<String>?
  /// Only those written at this time or later, by the runner's clock.
  public var since: Timestamp?
  /// Only those written before this time, by the runner's clock.
  public var until: Timestamp?
  /// Only those whose canonical text contains each of these. ASCII letters match in either case.
  public var containing: [String]

  public init(
    run: String? = nil, kinds: Set<String>? = nil, since: Timestamp? = nil,
    until: Timestamp? = nil, containing: [String] = []
  ) {
    self.run = run
    self.kinds = kinds
    self.since = since
    self.until = until
    self.containing = containing
  }

  public static let all = EntryFilter()
}
