/// Where a secret is to be had, never the secret itself: `env:NAME`, `file:/path` or `command:program argument…`.
public struct SecretReference: Sendable, Hashable, Codable, CustomStringConvertible {
  public enum Origin: Sendable, Hashable, Codable {
    case environment(name: String)
    case file(path: String)
    /// An argument vector, split at spaces; no shell reads it.
    case command([String])
  }

  public let origin: Origin
  /// The reference as written. It names a place, so it may be shown.
  public let description: String

  /// Nil when `text` isn't a reference; the caller says so without repeating `text`, which may be the secret itself.
  public init?(_ text: String) {
    description = text
    if text.hasPrefix("env:"), text.count > 4 {
      origin = .environment(name: String(text.dropFirst(4)))
    } else if text.hasPrefix("file:/") {
      origin = .file(path: String(text.dropFirst(5)))
    } else if text.hasPrefix("command:"), text.count > 8 {
      origin = .command(text.dropFirst(8).split(separator: " ").map(String.init))
    } else {
      return nil
    }
  }
}

/// A secret in memory. It prints as `•••` and can't be encoded; only the code that hands it to a server calls `reveal`.
public struct Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible,
  CustomReflectable
{
  private let value: String

  public init(_ value: String) { self.value = value }

  public func reveal() -> String { value }
  public var description: String { "•••" }
  public var debugDescription: String { "•••" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}
