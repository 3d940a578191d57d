import Foundation
import Glibc
import Synchronization

/// A MariaDB 10.11 server of a test's own.
public final class MariaDBServer: DatabaseServer {
  public let directory: String
  public let port: Int
  public let user = "admin"
  public let password: String
  public let database = "lab"
  /// As in a `[mysqld]` section, given on the command line.
  public let configuration: [String: String]
  private let slot = ServerSlot()
  private let isFresh = Mutex(true)

  public var process: ServerProcess? { slot.process }
  public var dataDirectory: String { "\(directory)/data" }
  public var log: String { "\(directory)/server.log" }

  private static let systemUser = "mysql"

  private init(configuration: [String: String]) throws {
    directory = try ServerTools.makeDirectory("mariadb", user: Self.systemUser)
    port = try FreePort.find()
    password = UUID().uuidString
    self.configuration = configuration
  }

  /// Makes and starts a server. A replica is one with a `server_id` of its own, told by SQL whom to follow.
  public static func create(_ configuration: [String: String] = [:]) async throws -> MariaDBServer {
    let server = try MariaDBServer(configuration: configuration)
    do {
      try await ServerTools.run(
        ServerTools.asUser(systemUser) + [
          "/usr/bin/mariadb-install-db", "--no-defaults", "--skip-test-db", "--basedir=/usr",
          "--datadir=\(server.dataDirectory)", "--auth-root-authentication-method=normal",
          "--tmpdir=\(server.directory)",
          "--innodb-log-file-size=8M", "--innodb-flush-method=nosync",
          "--innodb-doublewrite=0", "--aria-log-file-size=8M",
        ])
      try await server.start()
    } catch {
      try await server.destroy()
      throw error
    }
    return server
  }

  public func start() async throws {
    let settings = [
      "bind-address": host, "port": "\(port)", "socket": "\(directory)/socket",
      "pid-file": "\(directory)/pid",
      // Never the common one: a server that starts removes the temporary tables that it finds there, whosever they are.
      "tmpdir": directory, "skip-name-resolve": "1", "server-id": "1",
      "innodb-log-file-size": "8M", "innodb-buffer-pool-size": "16M",
      "innodb-flush-method": "nosync", "innodb-flush-log-at-trx-commit": "2",
      "performance-schema": "0", "character-set-server": "utf8mb4", "aria-log-file-size": "8M",
    ].merging(configuration) { $1 }
    let options = settings.sorted { $0.key < $1.key }.map { "--\($0.key)=\($0.value)" }
    slot.process = try await ServerTools.start(
      ServerTools.asUser(Self.systemUser)
        + ["/usr/sbin/mariadbd", "--no-defaults", "--datadir=\(dataDirectory)"] + options
        + (try firstStartOptions()),
      log: log, directory: directory, ready: "ready for connections")
  }

  public func stop() async throws { try await slot.end(by: SIGTERM) }

  /// The first start makes the user and the database, outside the binary log: a replica's history must begin empty.
  private func firstStartOptions() throws -> [String] {
    let isFirst = isFresh.withLock { fresh in
      defer { fresh = false }
      return fresh
    }
    guard isFirst else { return [] }
    let file = "\(directory)/first-start.sql"
    let statements = """
      SET sql_log_bin=0;
      CREATE USER '\(user)'@'%' IDENTIFIED BY '\(password)';
      GRANT ALL ON *.* TO '\(user)'@'%' WITH GRANT OPTION;
      CREATE DATABASE \(database);

      """
    try Data(statements.utf8).write(to: URL(fileURLWithPath: file))
    try ServerTools.give(file, to: Self.systemUser)
    return ["--init-file=\(file)"]
  }
}
