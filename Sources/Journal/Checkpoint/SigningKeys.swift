internal import Foundation

/// The private key that signs a journal's checkpoints, in the state directory, for its owner alone. Which key it is, and
/// which one took its place, stands in the journal. All methods throw `JournalError`.
public struct SigningKeys: Sendable {
  /// Who makes or changes a key, for the journal.
  public struct Author: Sendable {
    let person: PersonRecord
    let version: String
    let at: Timestamp

    public init(person: PersonRecord, version: String, at: Timestamp) {
      self.person = person
      self.version = version
      self.at = at
    }
  }

  private let directory: String
  /// Whoever may write the journal may sign for it: its owner, or those who share the state directory.
  private let isShared: Bool

  public init(home: String) {
    directory = home + "/keys"
    isShared = JournalDirectory(home).isShared
  }

  private var mode: mode_t { isShared ? 0o660 : 0o600 }

  private var file: DurableFile { DurableFile(path: directory + "/signing-key") }
  /// A key that is not in force yet.
  private var next: DurableFile { DurableFile(path: directory + "/signing-key.next") }

  /// The key in force; nil when there is none.
  public func current() throws -> SigningKey? { try key(in: file) }

  /// The key in force, which is made if there is none. `name` is the log's origin, and the name under which it signs.
  public func currentOrNew(
    named name: String, _ journal: Journal, by author: Author
  ) async throws -> SigningKey {
    try await locked {
      try await settle(journal)
      if let key = try current() { return key }
      guard let key = SigningKey(newFor: name) else { throw noName(name) }
      let record = KeyCreated(
        key: key.verifier.description, person: author.person, version: author.version)
      return try await putInForce(key, record, journal, author)
    }
  }

  /// Puts a new key in the place of the one in force, each vouching for the other. Nil when there is none.
  public func rotate(_ journal: Journal, by author: Author) async throws -> SigningKey? {
    try await locked {
      try await settle(journal)
      guard let old = try current() else { return nil }
      guard let key = SigningKey(newFor: old.verifier.name) else { throw noName(old.verifier.name) }
      let note = SignedNote(
        signing: KeyHistory.text(from: old.verifier, to: key.verifier), with: [old, key])
      let record = KeyRotated(
        key: key.verifier.description, previous: old.verifier.description,
        note: note.description, person: author.person, version: author.version)
      return try await putInForce(key, record, journal, author)
    }
  }

  /// On disk before the journal names it, in force after: whatever a crash leaves, `settle` knows what to do.
  private func putInForce<R: Record>(
    _ key: SigningKey, _ record: R, _ journal: Journal, _ author: Author
  ) async throws -> SigningKey {
    try next.replace(with: Data((key.secretText + "\n").utf8), mode: mode)
    do {
      try await journal.append(
        EntryDraft(
          at: author.at, kind: R.kind, run: nil, step: nil, body: try JSON(encoding: record),
          needsLease: false), under: nil)
    } catch let error as JSONError {
      throw JournalError(
        code: .unwritableEntry, message: error.description,
        advice: "This is a defect in Lifeboat: please report it.", path: journal.path)
    }
    try next.move(to: file.path)
    return key
  }

  /// Finishes what a crash interrupted: a key that the journal names is in force, another one never was.
  private func settle(_ journal: Journal) async throws {
    guard let key = try key(in: next) else { return }
    let named = try await journal.keyHistory().links.last?.key
    if named == key.verifier { try next.move(to: file.path) } else { try next.remove() }
  }

  private func key(in file: DurableFile) throws -> SigningKey? {
    guard let contents = try file.read() else { return nil }
    var status = stat()
    guard stat(file.path, &status) == 0, status.st_mode & 0o777 & ~mode == 0 else {
      throw unusable("others may read it", "Rotate it, for it may be known: lifeboat audit keys")
    }
    let text = String(decoding: contents, as: UTF8.self)
    guard text.hasSuffix("\n"), let key = SigningKey(String(text.dropLast())) else {
      throw unusable(
        "it is no key", "Put it back from a backup, or move it away and make a new one.")
    }
    return key
  }

  /// One process at a time makes a key.
  private func locked<Result>(_ body: () async throws -> Result) async throws -> Result {
    try DurableFile.makeDirectory(directory, mode: isShared ? 0o770 : 0o700)
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0, await Self.lock(descriptor) else {
      throw unusable("\(directory) can't be locked", "See that it can be read.")
    }
    defer { close(descriptor) }
    return try await body()
  }

  /// Waits on a thread of its own: whoever holds the lock may need one of the few that run tasks to let it go.
  private static func lock(_ descriptor: CInt) async -> Bool {
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: flock(descriptor, LOCK_EX) == 0)
      }
    }
  }

  private func unusable(_ what: String, _ advice: String) -> JournalError {
    JournalError(
      code: .keyUnusable, message: "the key that signs checkpoints can't be used: \(what)",
      advice: advice, path: file.path)
  }

  private func noName(_ name: String) -> JournalError {
    unusable("'\(name)' can't be its name", "A name has neither spaces nor '+'.")
  }
}
