import Runbook

/// The commands of a `Rewind`, as far as they can be said before it: on the copy's host, as its server's account.
struct RewindCommands: Sendable {
  let installation: DatabaseServer.Installation

  private var data: String { installation.dataDirectory }
  /// Complete under this name, or not there.
  var kept: String { "\(ServerHost.keep(of: installation))/rewind" }
  private var unfinished: String { "\(kept).unfinished" }
  private var unfinishedLog: String { "\(unfinished)/pg_wal" }

  private func command(_ arguments: [String]) -> Command {
    Command(arguments, account: installation.account)
  }

  // MARK: - Recovering

  /// - Parameter options: how its server was started, as `postmaster.opts` says it.
  func recovering(startedBy options: String) -> Command {
    command(
      [installation.program("postgres"), "--single", "-F", "-D", data]
        + Self.configurationFile(in: options) + ["template1"])
  }

  /// `… "-c" "config_file=/etc/postgresql/15/main/postgresql.conf"`
  static func configurationFile(in options: String) -> [String] {
    for word in options.split(separator: "\"") where word.hasPrefix("config_file=") {
      return ["-c", String(word)]
    }
    return []
  }

  // MARK: - Keeping what a second try needs

  /// Settings are files directly in the data directory.
  var keepingSettings: [Command] {
    [
      command(["rm", "-rf", "--", unfinished]),
      command(["mkdir", "-p", "--", "\(unfinished)/settings"]),
      command(
        ["find", data, "-maxdepth", "1", "-type", "f"]
          + Self.noSettings.flatMap { ["!", "-name", $0] }
          + [
            "-exec", "cp", "--preserve=all", "--target-directory=\(unfinished)/settings", "{}", "+",
          ]),
    ]
  }

  private static let noSettings = [
    "PG_VERSION", "postmaster.*", "backup_*", "tablespace_map*", "current_logfiles", "*.signal",
    "*.old", "*.lifeboat-new",
  ]

  var listingLog: Command { command(["find", "\(data)/pg_wal/", "-maxdepth", "1", "-type", "f"]) }

  var makingLogDirectory: Command { command(["mkdir", "--", unfinishedLog]) }

  func keepingLog(_ files: some Sequence<String>) -> Command {
    command(["cp", "--preserve=all", "--target-directory=\(unfinishedLog)", "--"] + files)
  }

  var completingWhatIsKept: [Command] {
    [command(["sync", "-f", "--", unfinished]), command(["mv", "-T", "--", unfinished, kept])]
  }

  // MARK: - Rewinding

  /// - Parameter source: the primary, in libpq's words.
  func rewinding(to source: ConnectionText, _ options: [String] = []) -> Command {
    Command(
      [
        installation.program("pg_rewind"), "--target-pgdata=\(data)",
        "--source-server=\(source.text)",
      ] + options, environment: ["LC_ALL": "C.UTF-8"], account: installation.account)
  }

  var puttingLogBack: Command {
    command(["cp", "-R", "--preserve=all", "--", "\(kept)/pg_wal/.", "\(data)/pg_wal/"])
  }

  /// File by file: the data directory itself keeps its own mode, without which no server starts.
  var puttingSettingsBack: Command {
    command(
      ["find", "\(kept)/settings", "-type", "f"]
        + ["-exec", "cp", "--preserve=all", "--target-directory=\(data)", "{}", "+"])
  }

  var forgetting: Command { command(["rm", "-rf", "--", kept]) }
}

extension ConnectionText {
  /// How `pg_rewind` reaches the primary of a copy.
  static func ofRewind(of copy: DatabaseCopy, to primary: DatabaseCopy) throws -> ConnectionText {
    try ConnectionText(from: copy, to: primary, database: primary.requiredServer().database)
  }
}
