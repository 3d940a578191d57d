extension Journal {
  /// Signs what the journal holds now and keeps it in `folder`. Nil when it is empty.
  ///
  /// Throws `rewritten`, and signs nothing, when the journal doesn't grow from the checkpoint that was kept last: it was
  /// changed, or restored from an older copy.
  @discardableResult
  public func checkpoint(
    with key: SigningKey, in folder: CheckpointFolder
  ) async throws -> SignedCheckpoint? {
    let head = try await head()
    guard head.size > 0 else { return nil }
    if let last = try folder.last(of: key.verifier.name) {
      try await requireGrown(from: last)
      if last.head == head { return last }
    }
    let checkpoint = SignedCheckpoint(
      signing: Checkpoint(origin: key.verifier.name, head: head), with: key)
    try folder.keep(checkpoint)
    return checkpoint
  }

  /// Throws `rewritten` when the journal is not what was signed for, and what came after it.
  public func requireGrown(from signed: SignedCheckpoint) async throws {
    let head = try await head()
    guard signed.head.size <= head.size else {
      throw rewritten("it has \(head.size) entries, and \(signed.head.size) were signed for")
    }
    guard try await self.head(of: signed.head.size) == signed.head else {
      throw rewritten("its first \(signed.head.size) entries are not those that were signed for")
    }
  }

  private func rewritten(_ message: String) -> JournalError {
    JournalError(
      code: .rewritten, message: message,
      advice:
        "It was changed, or restored from an older copy. Keep the files as they are, and run: "
        + "lifeboat audit verify", path: path)
  }
}
