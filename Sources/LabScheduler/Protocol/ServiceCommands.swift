import ArgumentParser

struct ServiceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "service",
    abstract: "Look at and control the services of a host.",
    discussion: """
      Exit status: 0 done or already so; 1 the service failed to start; 4 unknown service; \
      5 refused, the service is disabled; 6 not done in time, and left as it is; 7 a service that \
      it depends on does not run; 255 the host is unreachable.
      """,
    subcommands: [Show.self, Start.self, Stop.self, Kill.self, SetStartType.self])
}

extension ServiceCommand {
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show services as JSON. Changes nothing.")

    @Argument(help: "The host's directory.") var directory: String
    @Argument(help: "The services; all when none is named.") var names: [String] = []

    func run() throws {
      let reply = try HostClient(HostDirectory(directory)).request(.show(names: names))
      Terminal.show(json: try JSON.encode(reply.services))
    }
  }

  struct Start: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Start services in the given order, and wait until each is ready.")

    @OptionGroup var services: TimedServices

    func run() throws {
      try services.request { .start(name: $0, timeoutMilliseconds: $1) }
    }
  }

  struct Stop: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stop services in the given order, and wait until each has ended.")

    @OptionGroup var services: TimedServices

    func run() throws {
      try services.request { .stop(name: $0, timeoutMilliseconds: $1) }
    }
  }

  struct Kill: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "End services at once by SIGKILL.")

    @Argument(help: "The host's directory.") var directory: String
    @Argument(help: "The services.") var names: [String]

    func run() throws {
      let client = try HostClient(HostDirectory(directory))
      for name in names { _ = try client.request(.kill(name: name)) }
    }
  }

  struct SetStartType: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say whether a service starts with its host, on request, or not at all.")

    @Argument(help: "The host's directory.") var directory: String
    @Argument(help: "The service.") var name: String
    @Argument(help: "automatic, manual or disabled.") var type: StartType

    func run() throws {
      let client = try HostClient(HostDirectory(directory))
      _ = try client.request(.setStartType(name: name, type: type))
    }
  }
}

/// Services, and how long each may take.
struct TimedServices: ParsableArguments {
  @Argument(help: "The host's directory.") var directory: String
  @Argument(help: "The services.") var names: [String]
  @Option(help: "Seconds to wait for each service.") var timeout: Double = 30

  func validate() throws {
    guard timeout > 0, timeout <= 86_400 else {
      throw ValidationError("--timeout must be above 0 and at most 86400 seconds.")
    }
  }

  func request(_ make: (String, Int64) -> HostRequest) throws {
    let client = try HostClient(HostDirectory(directory))
    let milliseconds = Int64(timeout * 1000)
    for name in names {
      // The host keeps the time; the reserve only notices a host that died or hangs meanwhile.
      _ = try client.request(
        make(name, milliseconds), timeout: milliseconds + HostClient.greetingTimeout)
    }
  }
}

extension StartType: ExpressibleByArgument {}
