/// A SHA-256 digest: 32 bytes. Its text form, also in JSON, is `sha256:` and 64 lower-case
/// hexadecimal digits.
public struct Digest: Sendable, Hashable {
  public static let byteCount = 32
  private static let prefix = "sha256:"

  public let bytes: [UInt8]

  /// nil unless there are exactly 32 bytes.
  public init?(bytes: some Sequence<UInt8>) {
    let bytes = Array(bytes)
    guard bytes.count == Digest.byteCount else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 hexadecimal digits, with or without `sha256:` before them.
  public init?(_ text: String) {
    let digits = text.hasPrefix(Digest.prefix) ? text.dropFirst(Digest.prefix.count) : text[...]
    guard let bytes = Hex.bytes(of: digits) else { return nil }
    self.init(bytes: bytes)
  }

  /// The SHA-256 of `content`.
  public init(of content: some Sequence<UInt8>) {
    var hasher = SHA256()
    hasher.update(Array(content))
    self = hasher.finalize()
  }

  /// The SHA-256 of a value's canonical JSON.
  public init(of json: JSON) throws(JSONError) {
    self.init(of: try json.canonical)
  }

  /// 64 lower-case hexadecimal digits.
  public var hex: String { Hex.digits(of: bytes) }
}

extension Digest: CustomStringConvertible {
  public var description: String { Digest.prefix + hex }
}

extension Digest: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard text.hasPrefix(Digest.prefix), let digest = Digest(text), digest.description == text
    else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected sha256: and 64 lower-case hexadecimal digits, found \(text)")
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
