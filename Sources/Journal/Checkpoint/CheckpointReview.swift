/// Checkpoints from one place: the journal's own, or a witness's copies.
public struct CheckpointSource: Sendable {
  /// How messages call it.
  public let name: String
  /// The smallest first.
  public let checkpoints: [SignedCheckpoint]
  /// What was found there that is no checkpoint.
  public let unreadable: [String]
  /// Whether somebody keeps them who can't be reached with the journal.
  public let isWitness: Bool

  public init(
    name: String, checkpoints: [SignedCheckpoint], unreadable: [String] = [], isWitness: Bool
  ) {
    self.name = name
    self.checkpoints = checkpoints.sorted { $0.head.size < $1.head.size }
    self.unreadable = unreadable
    self.isWitness = isWitness
  }
}

/// What comparing a journal with checkpoints found, of one source.
public struct CheckpointReview: Sendable, Hashable {
  /// Stable: scripts refer to the raw values.
  public enum Kind: String, Sendable, CaseIterable {
    /// The journal has fewer entries than were signed for.
    case cut
    /// The journal's entries have another root than the one that was signed.
    case rewritten
    /// A signature names a key and isn't its.
    case forged
    /// Nobody signed whose key is accepted.
    case unsigned
    /// A file is no checkpoint.
    case unreadable
    /// A witness has no checkpoint of this journal.
    case none
  }

  public struct Finding: Sendable, Hashable {
    public let kind: Kind
    /// The first entry that can't be trusted; nil where it is the checkpoint that can't.
    public let index: Int?
    public let message: String
  }

  public let source: String
  public let isWitness: Bool
  /// How many checkpoints agree with the journal.
  public let agreeing: Int
  /// The head of the largest that does.
  public let vouched: TreeHead?
  public let findings: [Finding]
}

extension Journal {
  /// Compares the journal with checkpoints. `trusted`: how many entries `verify` found sound; only of these the roots can be
  /// gone by.
  public func review(
    _ source: CheckpointSource, acceptedKeys: [VerifierKey], trusted: Int
  ) async throws -> CheckpointReview {
    var reviewer = CheckpointReviewer(keys: acceptedKeys, trusted: trusted)
    for path in source.unreadable { reviewer.find(.unreadable, nil, "\(path) is no checkpoint") }
    for checkpoint in source.checkpoints where reviewer.isSigned(checkpoint) {
      let size = checkpoint.head.size
      let root = size <= trusted ? try await head(of: size).root : nil
      reviewer.compare(checkpoint.head, with: root)
    }
    if source.isWitness, source.checkpoints.isEmpty, source.unreadable.isEmpty {
      reviewer.find(.none, nil, "it has no checkpoint of this journal")
    }
    return CheckpointReview(
      source: source.name, isWitness: source.isWitness, agreeing: reviewer.agreeing,
      vouched: reviewer.vouched, findings: reviewer.findings)
  }
}

/// One source's review under way; checkpoints come the smallest first.
private struct CheckpointReviewer {
  let keys: [VerifierKey]
  let trusted: Int
  private(set) var agreeing = 0
  private(set) var vouched: TreeHead?
  private(set) var findings: [CheckpointReview.Finding] = []

  init(keys: [VerifierKey], trusted: Int) {
    self.keys = keys
    self.trusted = trusted
  }

  mutating func find(_ kind: CheckpointReview.Kind, _ index: Int?, _ message: String) {
    findings.append(CheckpointReview.Finding(kind: kind, index: index, message: message))
  }

  mutating func isSigned(_ checkpoint: SignedCheckpoint) -> Bool {
    let what = "the checkpoint of \(checkpoint.head.size) entries"
    do {
      let signers = try checkpoint.note.signers(among: keys)
      if signers.contains(where: { $0.name == checkpoint.checkpoint.origin }) { return true }
      find(.unsigned, nil, "\(what) isn't signed by a key that is accepted")
    } catch {
      find(.forged, nil, "\(what) bears the name of \(error.name), and isn't signed by its key")
    }
    return false
  }

  /// - Parameter root: the journal's when it had that size; nil when it never had, or when that can't be relied on.
  mutating func compare(_ head: TreeHead, with root: Digest?) {
    let agreed = vouched?.size ?? 0
    if let root, root == head.root {
      agreeing += 1
      vouched = head
    } else if root != nil {
      find(
        .rewritten, agreed,
        "the first \(head.size) entries are not those that were signed for; entries \(agreed) to "
          + "\(head.size - 1) can't be trusted")
    } else {
      find(
        .cut, trusted,
        "\(head.size) entries were signed for, and only \(trusted) are there that can be trusted")
    }
  }
}
