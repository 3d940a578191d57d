import Actuators
import ArgumentParser
import Foundation

struct LabCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract: "A small real two-site lab: a scheduler, its database, replication, and disasters.",
    discussion: """
      lifeboat lab up DIR                    make it, and start production
      lifeboat lab up DIR --hosts            the same of machines booted with systemd, PostgreSQL or MariaDB and ssh
      lifeboat lab status DIR                who runs, who is in control, how far the replica is
      lifeboat lab disaster DIR production   kill -9 of everything at a site
      lifeboat lab heal DIR [SITE]           the site comes back
      lifeboat lab down DIR                  end everything that it started, remove all that it made

      All of it is done by 'lab-scheduler lab', which stands beside this program; 'lab-scheduler lab help VERB' \
      shows each verb's options.
      """)

  @Argument(
    parsing: .captureForPassthrough,
    help: ArgumentHelp("A verb, a directory, and options.", valueName: "arguments"))
  var arguments: [String] = []

  func run() async throws {
    let ourselves = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let program = URL(fileURLWithPath: ourselves).deletingLastPathComponent()
      .appendingPathComponent("lab-scheduler").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      let console = Console()
      throw ErrorView(console: console, format: .text).show(
        ErrorView.Message(
          code: "lab.no_scheduler", text: "\(program) is not there",
          advice: "'swift build' makes it beside lifeboat", status: .failed))
    }
    try replaceProcess(program, arguments: ["lab"] + (arguments.isEmpty ? ["--help"] : arguments))
  }
}
