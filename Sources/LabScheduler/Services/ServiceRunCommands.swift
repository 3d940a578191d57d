import ArgumentParser

/// What the commands of the four services have in common.
struct ServiceOptions: ParsableArguments {
  @Argument(help: "The host's directory.")
  var directory: String

  @Option(help: .hidden)
  var hostPid: Int32?

  @Flag(help: .hidden)
  var tellReady = false

  var host: HostDirectory { HostDirectory(directory) }

  func process(_ name: ServiceName) throws -> ServiceProcess {
    try ServiceProcess(
      name: name, host: host, hostPid: hostPid, tellsReadiness: tellReady)
  }
}

struct ServerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Run the server service in the foreground: it takes control of the database.")

  @OptionGroup var options: ServiceOptions

  func run() throws {
    let process = try options.process(.server)
    try ServerService(directory: options.host, log: process.log).run(process)
  }
}

struct ExecutorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "executor",
    abstract: "Run the executor service in the foreground: it runs queued jobs.")

  @OptionGroup var options: ServiceOptions

  func run() throws {
    let process = try options.process(.executor)
    try ExecutorService(directory: options.host, log: process.log).run(process)
  }
}

struct SchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Run the scheduler service in the foreground: it queues the jobs that are due.")

  @OptionGroup var options: ServiceOptions

  func run() throws {
    let process = try options.process(.scheduler)
    try SchedulerService(directory: options.host).run(process)
  }
}

struct ReplicatorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replicator",
    abstract: "Run a site's replicator in the foreground: it ships or follows.")

  @OptionGroup var options: ServiceOptions

  func run() throws {
    let process = try options.process(.replicator)
    guard let file = try options.host.configuration().replicationFile else {
      throw LabError(
        .refused, "\(options.host.path): this host does not run its site's replicator")
    }
    let configuration = try JSON.read(ReplicationConfiguration.self, file: file)
    try ReplicatorService(configuration: configuration, log: process.log).run(process)
  }
}
