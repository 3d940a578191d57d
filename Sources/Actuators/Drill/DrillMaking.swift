import Runbook

/// How a throw-away copy comes to be in a drill's directory, part by part. It gets its own name when it is whole.
struct DrillMaking: Sendable {
  enum Part: Equatable {
    case command(Command)
    /// A statement in the replica, which changes nothing there.
    case snapshot(SQLStatement)
    case start(service: String)
  }

  let directory: DrillDirectory
  let source: DatabaseCopy

  private var unfinished: String { directory.unfinished }

  /// What is still to be done.
  func parts(_ observation: Observation) -> [Part] {
    let serving = directory.copy.server.map { [Part.start(service: $0.installation.service)] } ?? []
    guard !directory.isMade(observation) else { return serving }
    var parts: [Part] = []
    if !directory.isThere(observation) { parts.append(.command(directory.makeDirectory)) }
    if case .clear = directory.state(observation) { parts.append(.command(directory.writeMark)) }
    guard let server = directory.copy.server else { return parts + snapshot }
    return parts + baseBackup(server.installation, observation).map(Part.command) + serving
  }

  // MARK: - A file

  private var snapshot: [Part] {
    let removal = Command(["rm", "-f", "--", unfinished, unfinished + "-journal"])
    return [
      .command(removal),
      .snapshot("VACUUM INTO \(unfinished)"),
      .command(Command(["mkdir", "-p", "--", directory.logsPath])),
      // A copy that has its name already is an error: a command that comes late replaces none.
      .command(Command(["ln", "--no-target-directory", "--", unfinished, directory.data])),
      .command(removal),
    ]
  }

  // MARK: - A server's data

  /// The replica's settings lead to the primary, so none of them is kept; and it is a replica until it is promoted.
  private func baseBackup(
    _ server: DatabaseServer.Installation, _ observation: Observation
  ) -> [Command] {
    [
      Command(["rm", "-rf", "--one-file-system", "--", unfinished]),
      ownDirectory(unfinished, of: server.account),
      ownDirectory(directory.logsPath, of: server.account),
      backup(server, observation),
      ServerHost.replacement(
        of: "\(unfinished)/postgresql.auto.conf", with: "", as: server.account),
      ServerHost.replacement(of: "\(unfinished)/standby.signal", with: "", as: server.account),
      // As above: onto a copy that is there it is an error.
      Command(["mv", "--no-target-directory", "--", unfinished, directory.data]),
    ]
  }

  private func ownDirectory(_ path: String, of account: String) -> Command {
    Command(["install", "--directory", "--owner=\(account)", "--mode=0700", "--", path])
  }

  private func backup(
    _ server: DatabaseServer.Installation, _ observation: Observation
  ) -> Command {
    let socket = observation[directory.copy.subject, DrillSource.socket]?.list ?? []
    let place = zip(["--host", "--port"], socket.compactMap(\.string)).map { "\($0)=\($1)" }
    let user = source.database.replication?.user.map { ["--username=\($0)"] } ?? []
    return Command(
      [server.program("pg_basebackup"), "--pgdata=\(unfinished)"] + place + user
        + ["--no-password", "--checkpoint=fast", "--wal-method=stream"], account: server.account)
  }
}
