/// Who did something, and from where. What the kernel keeps is evidence; what stands in the environment is a claim, which root
/// can write at will.
public struct PersonRecord: Sendable, Hashable, Codable {
  /// The name of the account that the process runs as.
  public let user: String
  public let host: String
  /// A claim: the account that `sudo` says it was called from.
  public let realUser: String?
  public let uid: Int?
  /// The account that logged in, by the kernel's `loginuid`, which `su` and `sudo` leave as it is; nil where none is kept.
  public let loginUser: String?
  public let loginUID: Int?
  public let terminal: String?
  /// A claim: the address of the ssh client.
  public let client: String?

  public init(
    user: String, host: String, realUser: String? = nil, uid: Int? = nil, loginUser: String? = nil,
    loginUID: Int? = nil, terminal: String? = nil, client: String? = nil
  ) {
    self.user = user
    self.host = host
    self.realUser = realUser
    self.uid = uid
    self.loginUser = loginUser
    self.loginUID = loginUID
    self.terminal = terminal
    self.client = client
  }

  enum CodingKeys: String, CodingKey {
    case user, host, uid, terminal, client
    case realUser = "real_user"
    case loginUser = "login_user"
    case loginUID = "login_uid"
  }

  /// What people call this person: the best name that there is, be it a claim.
  public var identity: String { loginUser ?? realUser ?? user }

  /// The account of one person, by the strongest evidence; nil when it is root's, whom anybody may be.
  public var account: String? {
    let isRoot = (loginUID ?? uid).map { $0 == 0 } ?? ((loginUser ?? user) == "root")
    return isRoot ? nil : loginUser ?? user
  }

  /// Whether this is surely not the same person: both are known, and nothing says that one is behind the other. A claim can
  /// make two into one, and never one into two.
  public func isSurelyAnother(than other: PersonRecord) -> Bool {
    guard let account, let others = other.account, account != others else { return false }
    let claims = [
      loginUser == nil ? realUser : nil, other.loginUser == nil ? other.realUser : nil,
    ]
    let isBehind = claims[0] == others || claims[1] == account
    return !isBehind && (claims[0] == nil || claims[0] == "root" || claims[0] != claims[1])
  }
}
