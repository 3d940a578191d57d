/// A key was made that signs this journal's checkpoints, where there was none.
public struct KeyCreated: Record {
  public static let kind = "key.created"
  /// The verifier key, as C2SP signed-note writes it: `name+hash+key`.
  public let key: String
  public let person: PersonRecord
  public let version: String

  public init(key: String, person: PersonRecord, version: String) {
    self.key = key
    self.person = person
    self.version = version
  }
}

/// A key took another one's place.
public struct KeyRotated: Record {
  public static let kind = "key.rotated"
  public let key: String
  public let previous: String
  /// A signed note that names both, signed by both: each vouches for the other.
  public let note: String
  public let person: PersonRecord
  public let version: String

  public init(key: String, previous: String, note: String, person: PersonRecord, version: String) {
    self.key = key
    self.previous = previous
    self.note = note
    self.person = person
    self.version = version
  }
}
