/// Somewhere that an action goes, and where getting there takes time: a log-in that can be made beforehand.
public enum Destination: Sendable, Hashable {
  case host(Host)
  /// A copy's server, as the account that only looks.
  case reading(DatabaseCopy)
  /// A copy's server, as the account that changes it.
  case writing(DatabaseCopy)
}
