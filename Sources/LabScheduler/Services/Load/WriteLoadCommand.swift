import ArgumentParser

struct WriteLoadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write-load",
    abstract: "Write numbered rows to whichever copy accepts them, and keep account of each.",
    discussion: """
      For measuring an outage and what was lost in it. Each line of the output is one attempt, as JSON: its number, the \
      copy, begin and end on both clocks, and whether the server acknowledged the row. No number is used twice. SIGTERM or \
      SIGINT ends it.
      """)

  @Option(help: "The file with the database's settings, and all its copies.")
  var config: String

  @Option(help: "The file to which a line is appended for each attempt.")
  var output: String

  @Option(help: "The time between two attempts.")
  var interval = Interval(milliseconds: 10)

  func run() throws {
    let stop = StopSignal()
    let account = try LoadAccount(file: output)
    try LoadWriter(try DatabaseSettings.read(config), account: account).run(
      every: interval, until: stop)
  }
}
