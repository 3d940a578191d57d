import ArgumentParser

extension LabCommand {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the lab's hosts, databases and who is in control. Changes nothing.")

    @OptionGroup var lab: LabDirectory
    @Flag(help: "As JSON.") var json = false

    func run() throws {
      if MachineLab.exists(lab.layout.root) {
        return try showMachines(try MachineLab(existing: lab.layout.root))
      }
      let status = try LabStatus(of: lab.layout)
      if json {
        Terminal.show(json: try JSON.encode(status, pretty: true))
      } else {
        for line in LabStatusView(status: status).lines { Terminal.show(line) }
      }
    }

    private func showMachines(_ lab: MachineLab) throws {
      let status = try MachineLabStatus(of: lab)
      if json {
        Terminal.show(json: try JSON.encode(status, pretty: true))
      } else {
        for line in MachineLabStatusView(status: status).lines { Terminal.show(line) }
      }
    }
  }
}
