import Runbook

/// Lets a primary commit without waiting for standbys until one has rejoined. What the setting was is kept in a file beside
/// the data directory, written before the setting changes: whoever rejoins finds it there.
struct SynchronousSuspension: Sendable {
  let primary: DatabaseCopy
  let `operator`: any Operator

  static func isSuspended(_ primary: DatabaseCopy, _ observer: any Observer) async throws -> Bool {
    let installation = try primary.requiredServer().installation
    return try await ServerHost.exists(path(installation), at: primary, observer)
  }

  func suspend(_ names: String) async throws {
    let host = try ServerHost(primary, by: `operator`)
    try await host.run(["mkdir", "-p", "--", host.keep])
    try await host.write(names, to: path(host))
    try await set("")
  }

  /// Returns what was restored; nil when nothing was suspended.
  func restore() async throws -> String? {
    let host = try ServerHost(primary, by: `operator`)
    guard let names = try await host.read(path(host)) else { return nil }
    try await set(names)
    try await host.run(["rm", "-f", "--", path(host)])
    return names
  }

  private static func path(_ installation: DatabaseServer.Installation) -> String {
    "\(ServerHost.keep(of: installation))/synchronous_standby_names"
  }

  private func path(_ host: ServerHost) -> String { Self.path(host.installation) }

  private func set(_ names: String) async throws {
    try await `operator`.session(primary) { writer in
      try writer.execute("ALTER SYSTEM SET synchronous_standby_names = \(literal: names)")
      _ = try writer.query("SELECT pg_reload_conf()")
    }
  }
}
