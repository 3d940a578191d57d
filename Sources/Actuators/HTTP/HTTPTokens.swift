import Runbook
import Synchronization

/// The tokens that servers gave, for as long as they are good.
final class HTTPTokens: Sendable {
  private let tokens = Mutex<[TokenAccess: Secret]>([:])

  subscript(access: TokenAccess) -> Secret? { tokens.withLock { $0[access] } }

  func keep(_ token: Secret, for access: TokenAccess) { tokens.withLock { $0[access] = token } }

  /// Forgets a token that the server no longer takes, unless a newer one is known.
  func forget(_ token: Secret, of access: TokenAccess) {
    tokens.withLock { tokens in
      if tokens[access]?.reveal() == token.reveal() { tokens[access] = nil }
    }
  }
}

/// What a server gave that was asked for a token.
struct TokenAnswer: Decodable {
  let token: String

  enum CodingKeys: String, CodingKey { case token = "access_token" }
}

/// What a server is sent that is asked for a token.
struct TokenQuestion: Encodable {
  let username: String
  let password: String
}
