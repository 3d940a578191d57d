/// A command for a host, as an argument vector. No shell reads it.
public struct Command: Sendable, Hashable {
  /// The program and its arguments.
  public let arguments: [String]
  public var standardInput: CommandInput?
  /// Added to the host's own environment.
  public var environment: [String: String]
  /// The host's account that it runs as; nil: whichever commands run as there.
  public var account: String?

  public init(
    _ arguments: [String], standardInput: CommandInput? = nil, environment: [String: String] = [:],
    account: String? = nil
  ) {
    self.arguments = arguments
    self.standardInput = standardInput
    self.environment = environment
    self.account = account
  }
}

/// How a command ended.
public struct CommandResult: Sendable, Hashable {
  /// 0–255; a signal is 128 plus its number, as shells count.
  public let exitCode: Int
  public let standardOutput: String
  public let standardError: String
  /// Bytes of output that were cut because there was more than the limit.
  public let cutBytes: Int

  public init(
    exitCode: Int, standardOutput: String, standardError: String = "", cutBytes: Int = 0
  ) {
    self.exitCode = exitCode
    self.standardOutput = standardOutput
    self.standardError = standardError
    self.cutBytes = cutBytes
  }
}
