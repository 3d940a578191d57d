/// One thing that acting would do, as a rehearsal keeps it. Secrets are `•••`.
public struct OperationRecord: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Hashable, Codable {
    case command, statement, request
    case writeFile = "write_file"
    case removeFile = "remove_file"
    /// The action can't say exactly what it is; `note` says what it can.
    case untold
  }

  public let kind: Kind
  /// The host, or the database's copy; absent for a request.
  public let at: String?
  /// Of a command: the host's account that it runs as, where that isn't the one that commands run as there.
  public let account: String?
  public let arguments: [String]?
  public let environment: [String: String]?
  /// What a command reads from its standard input.
  public let input: String?
  /// SQL, with its values in it.
  public let statement: String?
  public let method: String?
  public let url: String?
  public let headers: [String: String]?
  public let body: String?
  public let path: String?
  public let note: String?
  /// When it is done only if acting finds that out: what stands after "if".
  public let condition: String?

  public init(
    _ kind: Kind, at: String? = nil, account: String? = nil, arguments: [String]? = nil,
    environment: [String: String]? = nil, input: String? = nil, statement: String? = nil,
    method: String? = nil, url: String? = nil, headers: [String: String]? = nil,
    body: String? = nil, path: String? = nil, note: String? = nil, condition: String? = nil
  ) {
    self.kind = kind
    self.at = at
    self.account = account
    self.arguments = arguments
    self.environment = environment
    self.input = input
    self.statement = statement
    self.method = method
    self.url = url
    self.headers = headers
    self.body = body
    self.path = path
    self.note = note
    self.condition = condition
  }
}
