/// A request that can only look.
public struct HTTPLookup: Sendable {
  public enum Method: String, Sendable, Hashable {
    case get = "GET"
    case head = "HEAD"
  }

  public let method: Method
  public let url: String
  public let headers: [String: HTTPHeaderValue]
  public let timeout: Duration
  public let access: TokenAccess?

  public init(
    _ method: Method = .get, url: String, headers: [String: HTTPHeaderValue] = [:],
    timeout: Duration = .seconds(10), access: TokenAccess? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.timeout = timeout
    self.access = access
  }
}

/// A request that may change something.
public struct HTTPRequest: Sendable, Hashable {
  /// `POST`, `PUT`, `PATCH` or `DELETE`.
  public let method: String
  public let url: String
  public let headers: [String: HTTPHeaderValue]
  public let body: String?
  public let timeout: Duration
  public let access: TokenAccess?

  public init(
    method: String, url: String, headers: [String: HTTPHeaderValue] = [:], body: String? = nil,
    timeout: Duration = .seconds(30), access: TokenAccess? = nil
  ) {
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.timeout = timeout
    self.access = access
  }
}

/// How a server lets in that gives a token to whoever logs in: by a POST of `username` and `password`, as JSON, whose answer
/// holds `access_token`. A look may log in, too: it changes nothing but that.
public struct TokenAccess: Sendable, Hashable {
  public let loginURL: String
  public let user: String
  public let password: SecretReference
  /// A file with the certificates of the authorities that are trusted; nil: those of this machine.
  public let authority: String?

  public init(loginURL: String, user: String, password: SecretReference, authority: String?) {
    self.loginURL = loginURL
    self.user = user
    self.password = password
    self.authority = authority
  }
}

/// A header's value: text, or a secret that is resolved when the request goes out.
public enum HTTPHeaderValue: Sendable, Hashable {
  case text(String)
  case secret(SecretReference)
}

public struct HTTPResponse: Sendable, Hashable {
  public let status: Int
  /// Bounded; see `cutBytes`.
  public let body: String
  public let cutBytes: Int

  public init(status: Int, body: String, cutBytes: Int = 0) {
    self.status = status
    self.body = body
    self.cutBytes = cutBytes
  }
}
