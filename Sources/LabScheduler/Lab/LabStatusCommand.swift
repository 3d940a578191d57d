import ArgumentParser

extension LabCommand {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the lab's hosts, databases and who is in control. Changes nothing.")

    @OptionGroup var lab: LabDirectory
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      let status = try LabStatus(of: lab.layout)
      if json {
        Terminal.show(json: try JSON.encode(status, pretty: true))
      } else {
        for line in LabStatusView(status: status).lines { Terminal.show(line) }
      }
    }
  }
}
