internal import Foundation

/// The append-only log that convinces an auditor: canonical JSON entries under a Merkle tree.
///
/// It is as safe to share as its store; it holds no state of its own. All methods throw
/// `JournalError`.
public final class Journal: Sendable {
  /// The largest entry, in canonical bytes: what bounds the memory of reading and verifying.
  public static let maximumEntrySize = 16 * 1024 * 1024

  let store: any JournalStore
  private let isAlive: HolderCheck
  private let redact: @Sendable (String) -> String

  /// `isAlive` finds out whether the holder of a lease still runs; every text of an entry's body passes `redact` on its
  /// way in.
  public init(
    store: any JournalStore, isAlive: HolderCheck = .onThisMachine,
    redacting redact: @escaping @Sendable (String) -> String = { $0 }
  ) {
    self.store = store
    self.isAlive = isAlive
    self.redact = redact
  }

  /// A text as an entry would hold it.
  public func redacted(_ text: String) -> String { redact(text) }

  /// An entry's body as it would stand there.
  public func redacted(_ body: JSON) -> JSON { body.redacted(by: redact) }

  /// Where the journal is, for messages.
  public var path: String { store.path }

  /// Lets go of files and connections. The journal can't be used afterwards.
  public func close() throws {
    try store.close()
  }

  /// Size and root of the journal now.
  public func head() async throws -> TreeHead {
    let state = try await store.state()
    return TreeHead(size: state.tree.size, root: state.root)
  }
}

// MARK: - Appending

extension Journal {
  /// Appends one entry; durable on return.
  @discardableResult
  public func append(_ draft: EntryDraft, under lease: Lease?) async throws -> Entry {
    try await append([draft], under: lease)[0]
  }

  /// Appends entries one after the other, all or none; durable on return.
  ///
  /// Throws `leaseLost` when the lease isn't in force any more, `leaseRequired` when there is none
  /// and a draft needs one.
  @discardableResult
  public func append(_ drafts: [EntryDraft], under lease: Lease?) async throws -> [Entry] {
    let rules = LeaseRules(path: path)
    let path = path
    let drafts = drafts.map { draft in
      var draft = draft
      draft.body = redacted(draft.body)
      return draft
    }
    return try await store.commit { state in
      try state.checkIntact(path: path)
      if let lease {
        try rules.check(lease, state: state)
      } else {
        try rules.checkUnleased(drafts)
      }
      return try Journal.appending(drafts, epoch: lease?.epoch ?? 0, to: state, path: path)
    }
  }

  private static func appending(
    _ drafts: [EntryDraft], epoch: Int, to state: StoreState, path: String
  ) throws -> (StoreChange, [Entry]) {
    var tree = state.tree
    var stored: [StoredEntry] = []
    var entries: [Entry] = []
    for draft in drafts {
      let entry = Entry(
        index: tree.size, at: draft.at, kind: draft.kind, run: draft.run, step: draft.step,
        epoch: epoch, body: draft.body)
      let bytes = try canonicalBytes(of: entry, path: path)
      let leafHash = Merkle.leafHash(bytes)
      tree.append(leafHash)
      stored.append(
        StoredEntry(
          index: entry.index, bytes: bytes, leafHash: leafHash, root: tree.root, kind: entry.kind,
          run: entry.run))
      entries.append(entry)
    }
    let change = StoreChange(
      entries: stored, tree: tree, lastEpoch: state.lastEpoch, leases: [])
    return (change, entries)
  }

  private static func canonicalBytes(of entry: Entry, path: String) throws -> Data {
    let advice = "Record less, or in another form: numbers that JSON can't hold go into strings."
    let bytes: Data
    do {
      bytes = try entry.json.canonical
    } catch {
      throw JournalError(
        code: .unwritableEntry,
        message: "the entry \(entry.kind) has no JSON form: \(error.message)",
        advice: advice, path: path)
    }
    guard bytes.count <= maximumEntrySize else {
      throw JournalError(
        code: .unwritableEntry,
        message: "the entry \(entry.kind) has \(bytes.count) bytes, more than \(maximumEntrySize)",
        advice: advice, path: path)
    }
    return bytes
  }
}

extension StoreState {
  /// A tree that doesn't have its stored root can't be appended to: what follows would be void.
  fileprivate func checkIntact(path: String) throws {
    guard tree.root == root else {
      throw JournalError(
        code: .damaged, message: "the Merkle tree doesn't have the stored root",
        advice: "Keep a copy of the journal's files, then run: lifeboat audit verify", path: path)
    }
  }
}

extension LeaseRules {
  fileprivate func checkUnleased(_ drafts: [EntryDraft]) throws {
    guard let draft = drafts.first(where: { $0.needsLease }) else { return }
    throw JournalError(
      code: .leaseRequired, message: "an entry \(draft.kind) was to be written without a lease",
      advice: "This is a defect in Lifeboat: please report it.", path: path)
  }
}

// MARK: - Leases

extension Journal {
  /// Takes the lease on all of `scopes`, or on none, with a new epoch.
  ///
  /// A holder whose process is gone is replaced at once; one that can't be looked at from here,
  /// when its lease expired before `now`. Otherwise throws `leaseHeld`, naming the holder.
  public func acquire(
    _ scopes: Set<String>, for holder: Holder, at now: Timestamp, until expiresAt: Timestamp
  ) async throws -> Lease {
    precondition(!scopes.isEmpty, "a lease must be for something")
    let rules = LeaseRules(path: path)
    let isAlive = isAlive
    return try await store.commit { state in
      let (records, lease) = try rules.acquire(
        scopes, for: holder, at: now, until: expiresAt, state: state, isAlive: isAlive)
      return (state.changing(leases: records, lastEpoch: lease.epoch), lease)
    }
  }

  /// Moves the end of a lease that is in force; throws `leaseLost` when it isn't.
  public func renew(_ lease: Lease, until expiresAt: Timestamp) async throws -> Lease {
    let rules = LeaseRules(path: path)
    return try await store.commit { state in
      let (records, lease) = try rules.renew(lease, until: expiresAt, state: state)
      return (state.changing(leases: records, lastEpoch: state.lastEpoch), lease)
    }
  }

  /// Gives a lease back; throws `leaseLost` when it isn't in force.
  public func release(_ lease: Lease) async throws {
    let rules = LeaseRules(path: path)
    try await store.commit { state in
      let records = try rules.release(lease, state: state)
      return (state.changing(leases: records, lastEpoch: state.lastEpoch), ())
    }
  }

  /// What is known of each scope that ever had a lease, by scope.
  public func leases() async throws -> [LeaseRecord] {
    try await store.state().leases.sorted { $0.scope < $1.scope }
  }
}

extension StoreState {
  fileprivate func changing(leases: [LeaseRecord], lastEpoch: Int) -> StoreChange {
    StoreChange(entries: [], tree: tree, lastEpoch: lastEpoch, leases: leases)
  }
}
