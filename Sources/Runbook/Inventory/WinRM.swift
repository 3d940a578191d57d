/// How a Windows host is reached by WinRM: over HTTPS alone, as plain HTTP would need an encryption of messages that there
/// is no client library for.
public struct WinRMSettings: Sendable, Hashable, Codable {
  public enum Authentication: String, Sendable, Hashable, Codable, CaseIterable {
    /// The password goes to the server, within TLS.
    case basic
    case ntlm
    /// Kerberos, by the ticket of the account that runs Lifeboat.
    case negotiate
  }

  public static let defaultPort = 5986

  public let url: String
  public let authentication: Authentication
  /// Nil for a ticket's own.
  public let user: String?
  public let password: SecretReference?
  /// A file with the certificates of the authorities that are trusted; nil: those of this machine.
  public let authority: String?

  public init(
    url: String, authentication: Authentication, user: String? = nil,
    password: SecretReference? = nil, authority: String? = nil
  ) {
    self.url = url
    self.authentication = authentication
    self.user = user
    self.password = password
    self.authority = authority
  }

  /// The name or address in the URL.
  public var address: String { HTTPSURL.address(in: url) }

  enum CodingKeys: String, CodingKey {
    case url, authentication, user, password
    case authority = "ca"
  }
}
