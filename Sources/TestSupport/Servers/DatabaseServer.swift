import Foundation
import Glibc
import Synchronization

/// A real database server for tests: on loopback, on a port of its own, with a directory of its own. Make one by
/// `PostgreSQLServer.create` or `MariaDBServer.create`, and `destroy` it at the end.
public protocol DatabaseServer: AnyObject, Sendable {
  var directory: String { get }
  var port: Int { get }
  /// A user who may do everything.
  var user: String { get }
  var password: String { get }
  /// The name of a database that is there from the beginning.
  var database: String { get }
  /// The server's process while it runs.
  var process: ServerProcess? { get }

  /// Starts it and waits until it takes connections.
  func start() async throws
  /// Ends it cleanly, whoever is connected.
  func stop() async throws
}

extension DatabaseServer {
  public var host: String { "127.0.0.1" }

  /// Lets it hang: connections stay, and nothing answers.
  public func suspend() async throws { try await process?.suspend() }
  public func resume() { process?.resume() }

  /// Ends it as a power cut would.
  public func kill() async throws {
    guard let process else { return }
    process.killAll()
    try await eventually("the killed server is gone") { process.isGone }
  }

  /// Ends it and removes what it had on disk.
  public func destroy() async throws {
    try await kill()
    try FileManager.default.removeItem(atPath: directory)
  }
}

/// The process of a server, which comes and goes.
final class ServerSlot: Sendable {
  private let slot = Mutex<ServerProcess?>(nil)

  var process: ServerProcess? {
    get { slot.withLock { $0 } }
    set { slot.withLock { $0 = newValue } }
  }

  /// Asks the server to end, and waits until it has.
  func end(by signal: Int32) async throws {
    guard let process else { return }
    process.signal(signal)
    try await eventually("the stopped server has ended", within: .seconds(60)) {
      !process.isRunning
    }
    process.release()
    try await eventually("the stopped server is gone") { process.isGone }
    self.process = nil
  }
}
