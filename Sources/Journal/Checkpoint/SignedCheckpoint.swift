/// A checkpoint with its signatures: what is kept, handed to witnesses, and compared.
public struct SignedCheckpoint: Sendable, Hashable {
  public let checkpoint: Checkpoint
  public let note: SignedNote

  /// Reads a note; nil when it is no checkpoint. Its signatures are not looked into.
  public init?(_ text: String) {
    guard let note = SignedNote(text), let checkpoint = Checkpoint(note.text) else { return nil }
    self.note = note
    self.checkpoint = checkpoint
  }

  public init(signing checkpoint: Checkpoint, with key: SigningKey) {
    self.checkpoint = checkpoint
    note = SignedNote(signing: checkpoint.text, with: [key])
  }

  public var head: TreeHead { checkpoint.head }
  public var text: String { note.description }
}
