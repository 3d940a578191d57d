import ArgumentParser

/// `lab-scheduler unless-file FILE PROGRAM…`: a unit's condition that holds when a file is there,
/// and is another program's to decide when it is not.
struct UnlessFileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unless-file",
    abstract: "Succeed if a file is there, else become another program.", shouldDisplay: false)

  @Argument(help: "The file.") var file: String
  @Argument(parsing: .captureForPassthrough, help: "The program and its arguments.")
  var program: [String] = []

  func validate() throws {
    guard !program.isEmpty else { throw ValidationError("Name the program to run.") }
  }

  func run() throws {
    if !File.exists(file) { try ProcessSpawner.replaceProcess(by: program) }
  }
}
