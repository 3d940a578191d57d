/// What verifying a journal found.
public struct Verification: Sendable, Hashable {
  /// Size and root that the journal claims.
  public let head: TreeHead
  /// How many entries, from the first, agree with their hashes and roots.
  public let trusted: Int
  /// Nil when all of it is sound.
  public let finding: Finding?

  public var isSound: Bool { finding == nil }

  public struct Finding: Sendable, Hashable {
    public let kind: Kind
    /// The place of the first entry that can't be trusted; the journal's size when all can, but
    /// something after or around them can't.
    public let index: Int
    /// What is wrong there.
    public let message: String
  }

  /// What follows from the finding; nil when there is none.
  public var consequence: String? {
    guard let finding else { return nil }
    let keep = "Keep the files as they are, and compare them with a backup or another copy."
    return "\(reliability(after: finding)) \(keep)"
  }

  private func reliability(after finding: Finding) -> String {
    if finding.kind == .tree || finding.index == 0 { return "No entry can be relied on." }
    let before = "Entries 0 to \(finding.index - 1) agree with their hashes and roots"
    if finding.kind == .store && finding.index == head.size {
      return "\(before), but lists of runs and of their entries may be incomplete."
    }
    return "\(before); entry \(finding.index) and all after it are no evidence."
  }

  /// Stable: scripts refer to the raw values.
  public enum Kind: String, Sendable, CaseIterable {
    /// The bytes are not those that were hashed, or no entry.
    case changed
    /// Entries are missing in between or at the end.
    case missing
    /// The bytes belong to another place: swapped, shifted or repeated.
    case misplaced
    /// There are entries that the tree doesn't know.
    case added
    /// Bytes and tree agree, but what is kept to find or check them doesn't.
    case misfiled
    /// The tree's own record is not the one that its entries give.
    case tree
    /// The store can't be read, or is inconsistent in itself.
    case store
  }
}

extension Journal {
  /// Recomputes everything from the entries' bytes, in constant memory: bytes to leaf hashes to
  /// roots, places, canonical form, columns, and the store's own structures. Stops at the first
  /// entry that can't be trusted.
  ///
  /// `progress` is told how many entries are done, of how many. What it can't find: entries cut
  /// off, or everything rewritten, together with all hashes; that takes a root kept elsewhere.
  /// Throws `JournalError` only for what is no damage, as `busy`.
  public func verify(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> Verification {
    var verifier = Verifier(store: store)
    return try await verifier.verify(progress: progress)
  }
}

/// One verification under way.
struct Verifier {
  typealias Finding = Verification.Finding

  let store: any JournalStore
  /// The tree over all entries that were found good.
  private var tree = MerkleFrontier()

  init(store: any JournalStore) {
    self.store = store
  }

  mutating func verify(
    progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> Verification {
    var head = TreeHead(size: 0, root: Merkle.emptyRoot)
    // Beside the entries: it takes as long as they do. When they show something first, it is cancelled.
    async let damage = store.damage()
    do {
      var finding: Finding?
      repeat {
        let state = try await store.state()
        head = TreeHead(size: state.tree.size, root: state.root)
        finding = try await verifyEntries(upTo: state, progress: progress)
        if finding == nil { finding = try await beyondTheTree() }
      } while try await isOutgrown(unless: finding)
      if finding == nil, let damage = try await damage {
        finding = found(
          .store, "all entries can be read, but the store is damaged: \(damage)")
      }
      return Verification(head: head, trusted: finding?.index ?? tree.size, finding: finding)
    } catch let error as JournalError where error.code == .damaged {
      let finding = found(.store, error.message)
      return Verification(head: head, trusted: tree.size, finding: finding)
    }
  }

  /// Whether entries were appended, properly, since the state was read.
  private func isOutgrown(unless finding: Finding?) async throws -> Bool {
    guard finding == nil else { return false }
    return try await store.state().tree.size > tree.size
  }

  private mutating func verifyEntries(
    upTo state: StoreState, progress: @Sendable (_ done: Int, _ total: Int) -> Void
  ) async throws -> Finding? {
    // From the very first row: a negative place is as wrong as any.
    var next = tree.size == 0 ? Int.min : tree.size
    while tree.size < state.tree.size {
      try Task.checkCancellation()
      let page = try await store.page(from: next, matching: .all)
      guard !page.isEmpty else {
        return found(.missing, "the tree has \(state.tree.size) entries, but the rest is missing")
      }
      for stored in page where tree.size < state.tree.size {
        if let finding = check(stored) { return finding }
      }
      next = tree.size
      progress(tree.size, state.tree.size)
    }
    return check(state)
  }

  private mutating func check(_ stored: StoredEntry) -> Finding? {
    let index = tree.size
    guard stored.index >= index else {
      return found(.added, "a row stands at place \(stored.index), before the first entry")
    }
    guard stored.index == index else {
      return found(.missing, "entries \(index) to \(stored.index - 1) are missing")
    }
    if let finding = defect(of: stored) { return finding }
    var grown = tree
    grown.append(stored.leafHash)
    guard grown.root == stored.root else {
      return found(
        .changed,
        "entry \(index), or one before it whose hashes were recomputed, is not the one that the "
          + "tree was built with")
    }
    tree = grown
    return nil
  }

  private func defect(of stored: StoredEntry) -> Finding? {
    do {
      try stored.check()
      return nil
    } catch {
      let kind: Verification.Kind =
        switch error {
        case .changed, .notAnEntry: .changed
        case .elsewhere: .misplaced
        case .columns: .misfiled
        }
      return found(kind, "entry \(stored.index) \(error.text)")
    }
  }

  /// The tree's record once all its entries are there.
  private func check(_ state: StoreState) -> Finding? {
    guard tree.size == state.tree.size else { return nil }
    guard state.root == tree.root, state.tree == tree else {
      return Finding(
        kind: .tree, index: 0,
        message: "the tree's record of \(tree.size) entries is not the one they give")
    }
    return nil
  }

  private func beyondTheTree() async throws -> Finding? {
    let size = tree.size
    guard let extra = try await store.page(from: size == 0 ? .min : size, matching: .all).first
    else { return nil }
    // Somebody may have appended between the two questions.
    guard try await store.state().tree.size <= size else { return nil }
    return found(.added, "there is an entry at place \(extra.index), which the tree doesn't know")
  }

  private func found(_ kind: Verification.Kind, _ message: String) -> Finding {
    Finding(kind: kind, index: tree.size, message: message)
  }
}
