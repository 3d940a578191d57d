/// A program that an action runs, and the host on which it runs it. A name without `/` is looked for as the host's PATH says.
public struct ProgramNeed: Sendable, Hashable {
  public let host: Host
  public let program: String

  public init(_ program: String, on host: Host) {
    self.host = host
    self.program = program
  }
}
