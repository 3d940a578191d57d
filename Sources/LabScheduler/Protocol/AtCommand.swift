import ArgumentParser
import Foundation

struct AtCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "at",
    abstract: "Run a program at a host of the lab, as ssh would.",
    discussion: """
      The program runs in the host's directory with this command's standard streams, and its exit \
      status is this command's. Exit status 255: the host does not answer within two seconds. \
      127: the program cannot be started.
      """)

  @Argument(help: "The host's directory.")
  var directory: String

  @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
  var program: [String]

  init() {}

  /// The usual form, read without the command line's parser: each look at a host is one of these, and the parser takes a third
  /// of its time.
  init?(direct arguments: [String]) {
    guard arguments.count > 4, arguments[1] == "at", arguments[3] == "--" else { return nil }
    self.directory = arguments[2]
    self.program = Array(arguments[4...])
  }

  func validate() throws {
    guard !program.isEmpty else { throw ValidationError("Name the program to run after --.") }
  }

  func run() throws {
    let host = HostDirectory(directory)
    let client = try HostClient(host)
    if try host.configuration().isIsolated == true {
      try Isolation.join(process: client.greeting.pid)
    }
    guard FileManager.default.changeCurrentDirectoryPath(host.path) else {
      throw LabError.systemCall("chdir", on: host.path)
    }
    try ProcessSpawner.replaceProcess(by: program)
  }
}
