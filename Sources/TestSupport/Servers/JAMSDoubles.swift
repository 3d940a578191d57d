import Foundation
import Synchronization

/// The doubles of Windows hosts, of SQL Server and of JAMS's REST servers, with the stand-in for JAMS that joins them
/// (`Fixtures/doubles/jams_world`). Nothing of this is Windows, SQL Server or JAMS.
///
/// Starting them takes seconds: whoever is done leaves them to the next one, who sets them anew.
public final class JAMSDoubles: Sendable {
  public struct Ways: Decodable, Sendable {
    /// The port.
    public let winrm: Int
    public let sshConfig: String

    private enum CodingKeys: String, CodingKey {
      case winrm
      case sshConfig = "ssh_config"
    }
  }

  public static let user = "lifeboat"
  public static let password = "pass word & <so> on"

  public let directory: String
  public let certificates: TestCertificates
  /// The authority of the Windows hosts' certificates.
  public let windowsAuthority: String
  public let hosts: [String: Ways]
  public let instances: [String: Int]
  /// By scheduler host: the base of its REST server.
  public let rest: [String: String]
  private let processes: [ServerProcess]
  private let windows: DoubleControl
  private let sqlserver: DoubleControl
  private let jams: DoubleControl

  private static let idle = Mutex<[JAMSDoubles]>([])

  /// Doubles that nobody else uses meanwhile; `make` starts some where none are idle.
  public static func with(
    make: () async throws -> JAMSDoubles, _ body: (JAMSDoubles) async throws -> Void
  ) async throws {
    let kept = idle.withLock { $0.popLast() }
    let doubles: JAMSDoubles
    if let kept { doubles = kept } else { doubles = try await make() }
    defer { idle.withLock { $0.append(doubles) } }
    try await body(doubles)
  }

  /// - Parameters:
  ///   - hosts: the names of the Windows hosts.
  ///   - sqlserver: a world as its README describes it, given the certificates.
  ///   - jams: as the README of `jams_world` describes it, without what says where the other doubles are.
  public init(
    hosts names: [String], sqlserver: (TestCertificates) -> [String: Any], jams: [String: Any]
  ) async throws {
    directory = try ServerTools.makeDirectory("jams-world", user: "root")
    certificates = try await TestCertificates.create(user: "root", in: directory)
    try Data(Self.password.utf8).write(to: URL(fileURLWithPath: "\(directory)/password"))
    let start = Starter(directory: directory)
    try FileManager.default.createDirectory(
      atPath: "\(directory)/windows", withIntermediateDirectories: true)
    let (windowsProcess, windowsReady) = try await start.run(
      "windows.log",
      [Starter.folder + "/windows/run", "--stay", "--directory", "\(directory)/windows"]
        + ["--password-file", "\(directory)/password"] + names.flatMap { ["--host", $0] },
      as: WindowsReady.self)
    windowsAuthority = windowsReady.ca
    self.hosts = windowsReady.hosts
    let (sqlserverProcess, sqlserverReady) = try await start.python(
      "sqlserver", sqlserver(certificates), as: SQLServerReady.self)
    instances = sqlserverReady.instances
    var world = jams
    world["windows"] = windowsReady.control
    world["sqlserver"] = sqlserverReady.control
    world["tls"] = ["certificate": certificates.certificate, "key": certificates.key]
    world["accounts"] = [Self.user: Self.password]
    let (jamsProcess, jamsReady) = try await start.python("jams_world", world, as: JAMSReady.self)
    rest = jamsReady.rest
    processes = [jamsProcess, sqlserverProcess, windowsProcess]
    windows = try DoubleControl(path: windowsReady.control)
    self.sqlserver = try DoubleControl(port: sqlserverReady.control)
    self.jams = try DoubleControl(port: jamsReady.control)
  }

  /// Asks a control interface: `["do": "dump", "host": "dr.scheduler"]`.
  @discardableResult
  public func askWindows(_ request: [String: Any]) throws -> [String: Any] {
    try windows.ask(request)
  }

  @discardableResult
  public func askSQLServer(_ request: [String: Any]) throws -> [String: Any] {
    try sqlserver.ask(request)
  }

  @discardableResult
  public func askJAMS(_ request: [String: Any]) throws -> [String: Any] { try jams.ask(request) }

  // MARK: - What they say when they are ready

  private struct WindowsReady: Decodable {
    let ca: String
    let control: String
    let hosts: [String: Ways]
  }

  private struct SQLServerReady: Decodable {
    let control: Int
    let instances: [String: Int]
  }

  private struct JAMSReady: Decodable {
    let control: Int
    let rest: [String: String]
  }

  private struct Starter {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Fixtures/doubles").standardized.path

    let directory: String

    func python<Ready: Decodable>(
      _ name: String, _ world: [String: Any], as type: Ready.Type
    ) async throws -> (ServerProcess, Ready) {
      let description = "\(directory)/\(name).json"
      try JSONSerialization.data(withJSONObject: world).write(
        to: URL(fileURLWithPath: description))
      return try await run(
        "\(name).log", ["python3", "\(Self.folder)/\(name)", description, "--stay"], as: type)
    }

    func run<Ready: Decodable>(
      _ log: String, _ program: [String], as type: Ready.Type
    ) async throws -> (ServerProcess, Ready) {
      let log = "\(directory)/\(log)"
      let process = try await ServerTools.start(
        ["/usr/bin/env", "PYTHONDONTWRITEBYTECODE=1"] + program, log: log, directory: directory,
        ready: "\"double\"")
      let text = String(
        decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
      let line = text.split(separator: "\n").first { $0.hasPrefix("{") } ?? ""
      return (process, try JSONDecoder().decode(type, from: Data(line.utf8)))
    }
  }
}
