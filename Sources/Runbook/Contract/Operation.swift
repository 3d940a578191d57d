/// One thing that acting does to the world: what a rehearsal says would be done.
public struct Operation: Sendable, Hashable {
  public enum Work: Sendable, Hashable {
    case command(Command, on: Host)
    case statement(SQLStatement, in: DatabaseCopy)
    case request(HTTPRequest)
    /// A file that is written or removed; its name may hold a star for what is known only when it is done.
    case file(FileChange, path: String, on: Host)
    /// Something of which the action can't say exactly what it is; why, or what can be said.
    case untold(String)
  }

  public enum FileChange: String, Sendable, Hashable { case write, remove }

  public let work: Work
  /// When it is done only if acting finds something out that can't be seen beforehand: what that is, after "if". Nil: it
  /// is done.
  public let condition: String?

  public init(_ work: Work, if condition: String? = nil) {
    self.work = work
    self.condition = condition
  }
}
