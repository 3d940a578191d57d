import Runbook
import SystemPackage

/// The connection to one host: a control channel whose child logs in and carries the others, and channels for commands.
///
/// A channel is kept for the next command: to open one takes the start of an ssh client here and of a session there.
actor SSHConnection {
  /// sshd allows ten a connection, and one is the control channel.
  private static let sessions = 8
  /// Between the polite signal and the one that can't be ignored.
  private static let grace = Duration.seconds(2)
  private static let endingLimit = Duration.seconds(5)
  private static let closingLimit = Duration.milliseconds(300)
  /// After so long a channel's shell is asked for a word before something is begun in it.
  private static let trusted = Duration.seconds(1)

  private let client: SSHClient
  private let refusal: SSHRefusal
  private let elevation: Elevation
  private let executable: FilePath
  private let configuration: String
  private let socketPrefix: String
  private let time: any TimeSource

  private let places = ConcurrencyLimit(sessions)
  private let opening = ConcurrencyLimit(1)
  private var openings = 0
  private var control: Control?
  private var idle: [Idle] = []
  private var failedOpenings = 0
  /// Who waited for an opening that failed needn't try again.
  private var lastFailure: ActionError?
  private var patience: Patience

  private struct Idle: Sendable {
    let channel: ShellChannel
    /// By the time source's uptime.
    let since: Duration
  }

  private struct Control: Sendable {
    let channel: ShellChannel
    let socket: String
  }

  init(
    to host: Host, by client: SSHClient, executable: FilePath, in directory: SSHDirectory,
    number: Int, time: any TimeSource
  ) throws {
    self.client = client
    self.executable = executable
    self.time = time
    patience = Patience(full: client.connectTimeout)
    refusal = SSHRefusal(host: host.id, settings: client.settings)
    elevation = host.elevation
    configuration = try directory.write(client.configuration, to: "\(number).conf")
    socketPrefix = "\(directory.path)/\(number)"
  }

  /// Waits until fewer than the allowed number of commands run on the host.
  func run(_ invocation: Invocation) async throws -> CommandResult {
    try await places.withPlace { try await self.runInPlace(invocation) }
  }

  func close() async {
    for idle in idle { await close(idle.channel) }
    idle = []
    if let control { await close(control.channel) }
    control = nil
  }

  private func runInPlace(_ invocation: Invocation) async throws -> CommandResult {
    let (channel, isKnownToAnswer) = try await channel(for: invocation.purpose)
    do {
      guard
        let result = try await time.within(
          invocation.timeout, { try await self.run(invocation, in: channel) })
      else {
        await endCommand(of: channel)
        throw invocation.timedOut()
      }
      idle.append(Idle(channel: channel, since: time.uptime()))
      return result
    } catch let lost as ShellChannel.Lost {
      guard isKnownToAnswer else { return try await runInPlace(invocation) }
      throw lostError(of: invocation, lost)
    } catch is CancellationError {
      // What ends the command must not be cancelled with it.
      await Task { await endCommand(of: channel) }.value
      throw CancellationError()
    }
  }

  private func run(
    _ invocation: Invocation, in channel: ShellChannel
  ) async throws -> CommandResult {
    let canExport = invocation.environment.keys.allSatisfy(ShellText.isVariable)
    let environment = canExport ? invocation.environment : [:]
    let arguments = (canExport ? [] : invocation.environmentPrefix) + invocation.arguments
    func text(_ arguments: [String]) -> String {
      ShellText.command(arguments, environment: environment, input: invocation.standardInput)
    }
    return switch invocation.purpose {
    case .looking: try await channel.run(text(arguments))
    case .acting:
      try await channel.runDetached(
        text(ShellText.detached(arguments)), patience: Self.grace, time: time)
    }
  }

  private func lostError(of invocation: Invocation, _ lost: ShellChannel.Lost) -> ActionError {
    let why = lost.words.isEmpty ? "" : ": \(lost.words)"
    return invocation.unanswered(
      "command.lost",
      "'\(invocation.program)' was started on \(refusal.host), and its end was not seen, as the "
        + "connection was lost\(why)",
      lookingAdvice: "see whether the host is up, and the network to it")
  }

  // MARK: - Channels

  /// For what acts, a channel whose shell has just answered: what is lost before that, was not done. To look again does no
  /// harm, so what looks may have one that answered a moment ago and isn't known to answer still.
  private func channel(
    for purpose: Invocation.Purpose
  ) async throws -> (ShellChannel, isKnownToAnswer: Bool) {
    while let last = idle.popLast() {
      if purpose == .looking, time.uptime() - last.since < Self.trusted {
        return (last.channel, false)
      }
      do {
        let word = try await time.within(client.connectTimeout) { try await last.channel.run(":") }
        guard word != nil else {
          await drop()
          throw refusal.silence(client.connectTimeout)
        }
        return (last.channel, true)
      } catch is ShellChannel.Lost {
        // It ended while nobody used it.
      }
    }
    let control = try await openControl()
    return (try await open(.session, socket: control.socket), true)
  }

  private func open(_ role: SSHClient.Role, socket: String) async throws -> ShellChannel {
    let arguments = client.arguments(role, configuration: configuration, controlSocket: socket)
    let limit = patience.limit(at: time.uptime())
    do {
      let channel = try await time.within(limit) { [executable] in
        try await ShellChannel.open(executable, arguments)
      }
      if let channel {
        patience.answered()
        return channel
      }
    } catch let lost as ShellChannel.Lost {
      let error = refusal.error(lost)
      if error.kind == .unreachable { patience.wasLetDown(at: time.uptime()) }
      throw error
    } catch is ShellChannel.MissingTools {
      throw refusal.missingTools()
    }
    patience.wasLetDown(at: time.uptime())
    await drop()
    throw refusal.silence(limit)
  }

  /// At most one opening at a time; who waits for one that fails fails with it.
  private func openControl() async throws -> Control {
    if let control, !control.channel.hasEnded { return control }
    let failedBefore = failedOpenings
    return try await opening.withPlace {
      try await self.openControl(unlessFailedSince: failedBefore)
    }
  }

  private func openControl(
    unlessFailedSince failedBefore: Int
  ) async throws -> Control {
    if let control, !control.channel.hasEnded { return control }
    if failedOpenings > failedBefore, let lastFailure { throw lastFailure }
    openings += 1
    let socket = "\(socketPrefix).\(openings)"
    do {
      let opened = Control(
        channel: try await open(.connection, socket: socket), socket: socket)
      control = opened
      return opened
    } catch let error as ActionError {
      failedOpenings += 1
      lastFailure = error
      throw error
    }
  }

  /// Lets the channel's shell end. What a command left behind, with the shell's output open, doesn't hold that up.
  private func close(_ channel: ShellChannel) async {
    do {
      try await time.within(Self.closingLimit) { await channel.close() }
    } catch {
      // Cancelled: then it was ended at once.
    }
  }

  /// A connection that answers no more.
  private func drop() async {
    let channels = idle.map(\.channel) + [control?.channel].compactMap(\.self)
    idle = []
    control = nil
    for channel in channels { await channel.end() }
  }

  // MARK: - Ending a command

  /// Ends all of the command's process groups on the host, and the channel.
  private func endCommand(of channel: ShellChannel) async {
    do {
      _ = try await time.within(Self.endingLimit) {
        for group in channel.groups { try await self.endGroup(group) }
      }
    } catch {
      // A host that can't be asked keeps what runs there. The command is reported as lost or cancelled, not as ended.
    }
    await channel.end()
  }

  private func endGroup(_ group: Int) async throws {
    let control = try await openControl().channel
    let deadline = time.uptime() + Self.grace
    var isAlive = try await signal("TERM", group, by: control)
    while isAlive, time.uptime() < deadline {
      try await time.sleep(for: .milliseconds(50))
      isAlive = try await signal("0", group, by: control)
    }
    if isAlive { _ = try await signal("KILL", group, by: control) }
  }

  /// Whether there is anybody in the group who could be sent it.
  private func signal(
    _ signal: String, _ group: Int, by control: ShellChannel
  ) async throws -> Bool {
    let kill = "kill -s \(signal) -- -\(group)"
    let text = elevation == .sudo ? "sudo -n -- \(kill) || \(kill)" : kill
    return try await control.run("{ \(text); } </dev/null").exitCode == 0
  }
}
