public import Journal

/// Where the run stands in the journal, and by what anybody can check that.
public struct ReportProof: Sendable, Hashable, Codable {
  /// How many entries the journal had once the run's last one was written.
  public let size: Int
  /// The Merkle root over these entries.
  public let root: Digest
  public let firstEntry: Int
  public let lastEntry: Int
  /// The smallest that covers the run and holds; absent when there is none.
  public let checkpoint: Signed?
  /// What is wrong with checkpoints that cover the run and don't hold.
  public let problems: [String]

  /// A signed checkpoint, which says what the journal was.
  public struct Signed: Sendable, Hashable, Codable {
    /// The journal's name in it, under which it is signed.
    public let origin: String
    public let size: Int
    public let root: Digest
    /// The whole text, a C2SP signed note.
    public let note: String

    public init(_ signed: SignedCheckpoint) {
      origin = signed.checkpoint.origin
      size = signed.head.size
      root = signed.head.root
      note = signed.text
    }
  }

  public init(
    size: Int, root: Digest, firstEntry: Int, lastEntry: Int, checkpoint: Signed? = nil,
    problems: [String] = []
  ) {
    self.size = size
    self.root = root
    self.firstEntry = firstEntry
    self.lastEntry = lastEntry
    self.checkpoint = checkpoint
    self.problems = problems
  }

  enum CodingKeys: String, CodingKey {
    case size, root, checkpoint, problems
    case firstEntry = "first_entry"
    case lastEntry = "last_entry"
  }
}

extension Journal {
  /// Where a run stands whose first and last entries these are. `checkpoints`: what was signed for the journal, the smallest
  /// first.
  public func proof(
    from first: Int, to last: Int, checkpoints: [SignedCheckpoint]
  ) async throws -> ReportProof {
    let head = try await head(after: last)
    let keys = try await keyHistory().accepted(pinned: [])
    let present = try await self.head().size
    var found: SignedCheckpoint?
    var problems: [String] = []
    for checkpoint in checkpoints where checkpoint.head.size >= head.size {
      let source = CheckpointSource(
        name: "this machine", checkpoints: [checkpoint], isWitness: false)
      let review = try await review(source, acceptedKeys: keys, trusted: present)
      problems += review.findings.map(\.message)
      guard review.agreeing == 0 else {
        found = checkpoint
        break
      }
    }
    return ReportProof(
      size: head.size, root: head.root, firstEntry: first, lastEntry: last,
      checkpoint: found.map(ReportProof.Signed.init), problems: problems)
  }
}
