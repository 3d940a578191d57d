/// A command that can only look. The list is closed: there is no way to make one but the functions below.
public struct ReadOnlyCommand: Sendable, Hashable {
  public let arguments: [String]
  /// The host's account that it runs as; nil: whichever commands run as there.
  public let account: String?

  private init(_ arguments: [String], account: String? = nil) {
    self.arguments = arguments
    self.account = account
  }

  /// Seconds since 1970 by the host's clock.
  public static func clock(of host: Host) -> ReadOnlyCommand {
    host.isWindows ? .windows(.clock) : ReadOnlyCommand(["date", "+%s.%N"])
  }

  /// The states of services, by the service manager's own reading command.
  public static func showServices(_ services: [String], of manager: ServiceManager)
    -> ReadOnlyCommand
  {
    switch manager {
    case .process(let control, let directory):
      ReadOnlyCommand(control + ["show", directory] + services)
    case .systemd:
      ReadOnlyCommand(["systemctl", "show", "--property=\(systemdProperties)", "--"] + services)
    case .windows:
      .windows(.services, ["services": .list(services.map(Value.string))])
    }
  }

  /// A script of ours on a Windows host.
  public static func windows(
    _ look: WindowsLook, _ parameters: [String: Value] = [:]
  ) -> ReadOnlyCommand {
    ReadOnlyCommand(Command.windowsArguments(look.rawValue, parameters))
  }

  private static let systemdProperties = [
    "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "Job", "TasksCurrent",
    "ConditionResult", "ConditionTimestampMonotonic", "RequiredBy", "BoundBy", "ConsistsOf",
  ].joined(separator: ",")

  /// Asks the machine that keeps the journal which site may run its scheduler, as `lifeboat permit` does there. For this
  /// machine's own ssh client; nil when a name could be taken for an option, or for more than one word.
  public static func permit(of site: String, askedAt destination: String) -> ReadOnlyCommand? {
    let isPlain =
      !destination.isEmpty && !destination.hasPrefix("-")
      && destination.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || "-_.@:[]%".contains($0))
      }
    guard isPlain, ScalarSyntax.isName(site) else { return nil }
    return ReadOnlyCommand([
      "ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=5",
      "--", destination, "lifeboat permit --site \(site) --output json",
    ])
  }

  /// What systemd runs to see whether units may start.
  public static func showStartConditions(of services: [String]) -> ReadOnlyCommand {
    ReadOnlyCommand(["systemctl", "show", "--property=ExecCondition", "--"] + services)
  }

  /// In which network systemd runs units, as whom, and what runs now.
  public static func showIsolation(of units: [String]) -> ReadOnlyCommand {
    ReadOnlyCommand(
      [
        "systemctl", "show", "--property=LoadState,NetworkNamespacePath,User,MainPID", "--",
      ] + units)
  }

  /// What a machine's ssh client makes of a destination by its configuration: the address, and the hosts between. It
  /// goes nowhere.
  public static func sshRoute(to settings: SSHSettings) -> ReadOnlyCommand {
    let options =
      (settings.configuration.map { ["-F", $0] } ?? []) + (settings.user.map { ["-l", $0] } ?? [])
      + (settings.port.map { ["-p", String($0)] } ?? [])
    return ReadOnlyCommand(["ssh", "-G"] + options + ["--", settings.destination])
  }

  /// The last lines that a systemd unit wrote.
  public static func unitLog(_ unit: String, lines: Int) -> ReadOnlyCommand {
    ReadOnlyCommand([
      "journalctl", "--no-pager", "--output=short-iso", "--lines=\(lines)", "--unit=\(unit)",
    ])
  }

  /// What a PostgreSQL data directory says of itself, whether or not its server runs.
  public static func controlData(of server: DatabaseServer.Installation) -> ReadOnlyCommand {
    ReadOnlyCommand(
      [server.program("pg_controldata"), "--pgdata=\(server.dataDirectory)"],
      account: server.account)
  }

  /// Up to `limit` records of a PostgreSQL data directory's write-ahead log, from a position as `0/1A2B3C`.
  public static func writeAheadLog(
    of server: DatabaseServer.Installation, timeline: Int, from position: String, limit: Int
  ) -> ReadOnlyCommand {
    ReadOnlyCommand(
      [
        server.program("pg_waldump"), "--path=\(server.dataDirectory)/pg_wal",
        "--timeline=\(timeline)", "--start=\(position)", "--limit=\(limit)",
      ], account: server.account)
  }

  /// What a PostgreSQL data directory says of itself, then a line `endOfControlData`, then up to two records of its log from
  /// the latest checkpoint on. In one go: nobody takes changes while this is asked.
  /// - Parameter isAwaited: whether the end of the server that runs now is waited for.
  public static func logEnding(
    of server: DatabaseServer.Installation, whenServerEnds isAwaited: Bool
  ) -> ReadOnlyCommand {
    let script = """
      set -ef
      if [ "$4" = awaited ] && pid=$(head -n 1 "$3/postmaster.pid"); then
        tail -s 0.01 --pid="$pid" -f /dev/null
      fi
      control=$("$1" --pgdata="$3")
      value() {
        set -- ${control#*"$1:"}
        printf %s "$1"
      }
      printf '%s\\n' "$control" '\(endOfControlData)'
      exec "$2" --path="$3/pg_wal" --timeline="$(value "Latest checkpoint's TimeLineID")" \\
        --start="$(value 'Latest checkpoint location')" --limit=2
      """
    return ReadOnlyCommand(
      [
        "sh", "-c", script, "sh", server.program("pg_controldata"), server.program("pg_waldump"),
        server.dataDirectory, isAwaited ? "awaited" : "now",
      ], account: server.account)
  }

  public static let endOfControlData = "-- end of control data --"

  /// The size of the log from a position to its end, as statistics.
  public static func writeAheadLogStatistics(
    of server: DatabaseServer.Installation, timeline: Int, from position: String
  ) -> ReadOnlyCommand {
    ReadOnlyCommand(
      [
        server.program("pg_waldump"), "--path=\(server.dataDirectory)/pg_wal",
        "--timeline=\(timeline)", "--start=\(position)", "--stats",
      ], account: server.account)
  }

  /// What a file of a MariaDB server's binary log has after a transaction, whose GTID is given; without rows' values.
  public static func binaryLog(
    _ file: String, from gtid: String, of server: DatabaseServer.Installation
  ) -> ReadOnlyCommand {
    ReadOnlyCommand(
      [
        server.program("mariadb-binlog"), "--no-defaults", "--base64-output=never",
        "--start-position=\(gtid)", "--", file,
      ], account: server.account)
  }

  /// A file that the database server's account owns.
  public static func readServerFile(
    _ path: String, of server: DatabaseServer.Installation, limit: Int = 65_536
  ) -> ReadOnlyCommand {
    ReadOnlyCommand(["head", "-c", String(limit), "--", path], account: server.account)
  }

  /// The first `limit` bytes of a file.
  public static func readFile(_ path: String, limit: Int = 65_536) -> ReadOnlyCommand {
    ReadOnlyCommand(["head", "-c", String(limit), "--", path])
  }

  /// A text file of a host, whatever the host runs: nothing, when it is longer than that.
  public static func readText(_ path: String, on host: Host) -> ReadOnlyCommand {
    host.isWindows ? .windows(.file, ["path": .string(path), "limit": 65_536]) : .readFile(path)
  }

  /// A small file of a Windows host, in base64: nothing, when it is larger than that.
  public static func readBytes(_ path: String) -> ReadOnlyCommand {
    .windows(.bytes, ["path": .string(path), "limit": 65_536])
  }

  /// The names in a directory, one a line.
  public static func list(_ directory: String) -> ReadOnlyCommand {
    ReadOnlyCommand(["ls", "-A", "-1", "--", directory])
  }

  /// What the host runs: its system and kernel.
  public static func versions(of host: Host) -> [ReadOnlyCommand] {
    host.isWindows
      ? [.windows(.version)] : [.readFile("/etc/os-release"), ReadOnlyCommand(["uname", "-srvm"])]
  }

  /// The versions of the libraries and programs that Lifeboat itself uses, where Debian's package manager knows them; exit
  /// code 1 when one of them isn't installed.
  public static let installedPackages = ReadOnlyCommand([
    "dpkg-query", "--show", "--", "libcurl4", "libodbc2", "libsqlite3-0", "libssl3",
    "odbc-mariadb", "odbc-postgresql", "openssh-client", "tdsodbc",
  ])

  /// The network interfaces that a command sees there: two lines of headings, then one line each, `name: counters`.
  public static let networkInterfaces = ReadOnlyCommand(["cat", "/proc/self/net/dev"])

  /// One line: type, octal mode, owner, group, size in bytes, device, inode; follows links.
  public static func status(ofFile path: String) -> ReadOnlyCommand {
    ReadOnlyCommand(["stat", "-L", "--format=%F|%a|%U|%G|%s|%d|%i", "--", path])
  }

  /// Which programs are there: `there` or `missing`, one line each. The PATH is the one that commands have on the host.
  public static func findPrograms(_ programs: [String]) -> ReadOnlyCommand {
    let script = """
      set -f
      is_there() {
        case $1 in */*) [ -f "$1" ] && [ -x "$1" ]; return ;; esac
        IFS=:
        for directory in $PATH; do
          if [ -f "$directory/$1" ] && [ -x "$directory/$1" ]; then return 0; fi
        done
        return 1
      }
      for program in "$@"; do
        if is_there "$program"; then echo there; else echo missing; fi
      done
      """
    return ReadOnlyCommand(["sh", "-c", script, "sh"] + programs)
  }

  /// Whether an account may write there, or the one that runs commands on the host; exit code 0 or 1.
  public static func isWritable(_ path: String, as account: String? = nil) -> ReadOnlyCommand {
    ReadOnlyCommand(["test", "-w", path], account: account)
  }

  /// The file system under a path, a header line and one line: source, type, available bytes.
  public static func fileSystem(of path: String) -> ReadOnlyCommand {
    ReadOnlyCommand(["df", "--block-size=1", "--output=source,fstype,avail", "--", path])
  }

  /// The addresses that a name has for programs there, one a line before a blank; exit code 2 when it has none.
  public static func addresses(of name: String) -> ReadOnlyCommand {
    ReadOnlyCommand(["getent", "ahosts", "--", name])
  }

  /// Whether a port answers: connects and says nothing. Exit code 0; 124 when nothing came.
  public static func connect(to name: String, port: Int) -> ReadOnlyCommand {
    ReadOnlyCommand([
      "timeout", "5", "bash", "-c", "exec 3<>\"/dev/tcp/$1/$2\"", "bash", name, String(port),
    ])
  }

  /// Whether it is run for words that people read, and not for what they say of the world.
  public var tellsWords: Bool { arguments.first == "journalctl" }

  /// Programs that a runbook's own probe (`unless`) may run: none of them writes, whatever its arguments are.
  public static let programsOfProbes = [
    "cat", "cmp", "df", "getent", "grep", "head", "id", "ls", "pgrep", "readlink", "stat", "tail",
    "test", "true", "uname", "wc",
  ]

  /// A probe of the runbook's author. Nil when its program isn't on the list.
  public init?(probe arguments: [String]) {
    guard let program = arguments.first, Self.programsOfProbes.contains(program) else {
      return nil
    }
    self.init(arguments)
  }
}
