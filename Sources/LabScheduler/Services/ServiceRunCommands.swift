import ArgumentParser

/// Which scheduler a service belongs to: a host of the embedded lab, or a real machine.
struct SchedulerOptions: ParsableArguments {
  @Argument(help: "The directory of a host of the embedded lab.")
  var directory: String?

  @Option(help: "A real machine's settings: /etc/lab-scheduler/host.json.")
  var config: String?

  @Option(help: .hidden)
  var hostPid: Int32?

  @Flag(help: .hidden)
  var tellReady = false

  func validate() throws {
    guard (directory == nil) != (config == nil) else {
      throw ValidationError("Name either a host's directory or --config FILE.")
    }
  }

  var host: HostDirectory? { directory.map { HostDirectory($0) } }

  func process(_ name: ServiceName) throws -> ServiceProcess {
    guard let host else { return ServiceProcess(name: name) }
    return try ServiceProcess(
      name: name, host: host, hostPid: hostPid, tellsReadiness: tellReady)
  }

  func settings() throws -> SchedulerSettings {
    if let host { return try SchedulerSettings(directory: host) }
    return try SchedulerSettings(configurationFile: config ?? "")
  }
}

/// What a service of the embedded lab alone is told.
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

  @OptionGroup var options: SchedulerOptions

  func run() throws {
    let process = try options.process(.server)
    let settings = try options.settings()
    // A real machine has no partner on the same database: its site is the other's reserve.
    let pair = try options.host.flatMap { host in
      try HeartbeatPair(
        config: try FailoverConfig(file: host.failoverConfigFile),
        ownAddress: try host.configuration().address, guid: settings.guid)
    }
    try ServerService(settings, pair: pair, log: process.log).run(process)
  }
}

struct ExecutorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "executor",
    abstract: "Run the executor service in the foreground: it runs queued jobs.")

  @OptionGroup var options: SchedulerOptions

  func run() throws {
    let process = try options.process(.executor)
    try ExecutorService(try options.settings(), log: process.log).run(process)
  }
}

struct SchedulerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Run the scheduler service in the foreground: it queues the jobs that are due.")

  @OptionGroup var options: SchedulerOptions

  func run() throws {
    let process = try options.process(.scheduler)
    try SchedulerService(try options.settings()).run(process)
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
