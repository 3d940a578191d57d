/// Which keys signed a journal's checkpoints one after the other, by the journal's own entries.
public struct KeyHistory: Sendable, Hashable {
  /// A key, and where the journal names it.
  public struct Link: Sendable, Hashable {
    public let key: VerifierKey
    public let entry: Int
    /// Whether the key before it vouches for it, and it for that one.
    public let followsPrevious: Bool
  }

  static let kinds: Set<String> = [KeyCreated.kind, KeyRotated.kind]

  public private(set) var links: [Link] = []
  /// Entries that name no key, or a rotation that its note doesn't bear out.
  public private(set) var problems: [Finding] = []

  public struct Finding: Sendable, Hashable {
    public let entry: Int
    public let message: String
  }

  init() {}

  mutating func take(_ entry: Entry) {
    if let created = try? entry.record(KeyCreated.self) {
      add(created.key, at: entry.index, followsPrevious: false)
    } else if let rotated = try? entry.record(KeyRotated.self) {
      let isBorneOut = isBorneOut(rotated)
      if !isBorneOut {
        problems.append(
          Finding(
            entry: entry.index,
            message: "the key's rotation isn't signed by both keys, or not by the last one"))
      }
      add(rotated.key, at: entry.index, followsPrevious: isBorneOut)
    } else {
      problems.append(Finding(entry: entry.index, message: "it is filed as a key's, and isn't one"))
    }
  }

  private mutating func add(_ text: String, at entry: Int, followsPrevious: Bool) {
    guard let key = VerifierKey(text) else {
      problems.append(Finding(entry: entry, message: "what is named as a key is none"))
      return
    }
    links.append(Link(key: key, entry: entry, followsPrevious: followsPrevious))
  }

  private func isBorneOut(_ rotated: KeyRotated) -> Bool {
    guard let previous = VerifierKey(rotated.previous), let key = VerifierKey(rotated.key),
      previous == links.last?.key, let note = SignedNote(rotated.note),
      note.text == Self.text(from: previous, to: key),
      let signers = try? note.signers(among: [previous, key])
    else { return false }
    return Set(signers) == [previous, key]
  }

  /// What both keys sign.
  static func text(from previous: VerifierKey, to key: VerifierKey) -> String {
    "lifeboat key rotation\n\(previous)\n\(key)\n"
  }

  /// The keys to go by: those that a pinned one vouches for, directly or through others; without pins all that the journal
  /// names.
  public func accepted(pinned: [VerifierKey]) -> [VerifierKey] {
    guard !pinned.isEmpty else { return links.map(\.key) }
    let named = chains.filter { chain in chain.contains { pinned.contains($0) } }.flatMap { $0 }
    return pinned + named.filter { !pinned.contains($0) }
  }

  /// Keys that vouch for each other.
  private var chains: [[VerifierKey]] {
    links.reduce(into: []) { chains, link in
      if link.followsPrevious, !chains.isEmpty {
        chains[chains.count - 1].append(link.key)
      } else {
        chains.append([link.key])
      }
    }
  }
}

extension Journal {
  /// The keys that it names.
  public func keyHistory() async throws -> KeyHistory {
    var history = KeyHistory()
    for try await entry in entries(matching: EntryFilter(kinds: KeyHistory.kinds)) {
      history.take(entry)
    }
    return history
  }
}
