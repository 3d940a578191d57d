import Engine
import Runbook
import Synchronization
import TestSupport

@testable import Actuators

/// An application that writes numbered rows wherever it may, and keeps those that a server acknowledged.
final class MariaDBWritingClient: Sendable {
  private let copies: [DatabaseCopy]
  private let progress = Mutex<(acknowledged: [(id: Int, site: String)], longestGap: Duration)>(
    ([], .zero))

  init(_ pair: MariaDBPair) throws {
    copies = try MariaDBPair.sites.map { try pair.copy($0, as: "application") }
  }

  var acknowledged: [Int] { progress.withLock { $0.acknowledged.map(\.id) } }
  var longestGap: Duration { progress.withLock { $0.longestGap } }

  func count(at site: String) -> Int {
    progress.withLock { $0.acknowledged.count { $0.site == site } }
  }

  /// Until the task is cancelled.
  func run() async {
    let writer = ActuatorWorld(time: SystemTime()).makeOperator(token: "client")
    let time = SystemTime()
    var site = 0
    var last = time.uptime()
    var id = 0
    while !Task.isCancelled {
      id += 1
      let (row, copy) = (id, copies[site])
      do {
        _ = try await writer.session(copy) {
          try $0.execute("INSERT INTO jobs VALUES (\(row), 'client')")
        }
        let now = time.uptime()
        progress.withLock {
          $0.acknowledged.append((row, copy.site))
          $0.longestGap = max($0.longestGap, now - last)
        }
        last = now
      } catch {
        // Refused, or the connection broke: the other one may be the primary now.
        site = 1 - site
      }
    }
  }

  /// Runs it while `body` does.
  func during<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    let client = Task { await run() }
    defer { client.cancel() }
    let result = try await body()
    client.cancel()
    await client.value
    return result
  }
}
