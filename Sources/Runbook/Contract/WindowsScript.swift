/// A script of ours that only looks at a Windows host. The list is closed: an observer can run no other. What the scripts
/// say is in Actuators/Windows.
public enum WindowsLook: String, Sendable, Hashable, CaseIterable {
  /// The states and settings of services.
  case services = "service.report"
  /// The time by the host's clock.
  case clock = "host.clock"
  /// Which Windows it is.
  case version = "host.version"
  /// A text file, decoded.
  case file = "file.read"
  /// A file's bytes, in base64.
  case bytes = "file.bytes"
  /// A directory, the account's right to write there, and the space on its drive or share.
  case directory = "directory.report"
  /// The addresses of a name.
  case addresses = "network.addresses"
  /// How a port of another host answers.
  case connection = "network.connection"
  /// Private queues of MSMQ, and their access lists.
  case queues = "queue.report"
}

/// A script of ours that changes a Windows host.
public enum WindowsChange: String, Sendable, Hashable, CaseIterable {
  case setStartType = "service.set_start_type"
  case startService = "service.start"
  case stopService = "service.stop"
  case killService = "service.kill"
  /// A file's bytes, at once, if they are still those that were read.
  case replaceFile = "file.replace"
  case makeDirectory = "directory.make"
  /// A file where none is.
  case createFile = "file.create"
  case deleteFile = "file.delete"
  /// A file to another name, in place of what stands there.
  case moveFile = "file.move"
  /// An account's right to send to a private queue.
  case allowSending = "queue.allow_sending"
  case revokeSending = "queue.revoke_sending"
  /// A scheduled task that runs once under another account, and is removed.
  case runTask = "task.run"
}

extension Command {
  /// What stands in a command's place of the program when one of our scripts runs on a Windows host: its name and what it
  /// works on, as JSON, follow.
  public static let windowsScript = "lifeboat-script"

  public init(_ change: WindowsChange, _ parameters: [String: Value]) {
    self.init(Self.windowsArguments(change.rawValue, parameters))
  }

  static func windowsArguments(_ name: String, _ parameters: [String: Value]) -> [String] {
    [windowsScript, name, Value.mapping(parameters).json]
  }
}
