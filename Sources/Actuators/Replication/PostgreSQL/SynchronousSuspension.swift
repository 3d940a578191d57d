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
    for command in Self.keeping(names, host.installation) { try await host.run(command) }
    try await set("")
  }

  /// What `suspend` does: keep what the setting was, and set it to nobody.
  static func suspending(_ names: String, at primary: DatabaseCopy) throws -> [Operation] {
    let installation = try primary.requiredServer().installation
    return keeping(names, installation).map { Operation(.command($0, on: primary.host)) }
      + [setting(""), StandbySettings.reload].map { Operation(.statement($0, in: primary)) }
  }

  private static func keeping(
    _ names: String, _ installation: DatabaseServer.Installation
  ) -> [Command] {
    [
      Command(
        ["mkdir", "-p", "--", ServerHost.keep(of: installation)], account: installation.account),
      ServerHost.replacement(of: path(installation), with: names, as: installation.account),
    ]
  }

  private static func setting(_ names: String) -> SQLStatement {
    "ALTER SYSTEM SET synchronous_standby_names = \(literal: names)"
  }

  /// Returns what was restored; nil when nothing was suspended.
  func restore() async throws -> String? {
    let host = try ServerHost(primary, by: `operator`)
    guard let names = try await host.read(path(host)) else { return nil }
    try await set(names)
    try await host.run(Self.forgetting(host.installation))
    return names
  }

  /// What `restore` does: what the setting was stands in the file.
  static func restoring(at primary: DatabaseCopy) throws -> [Operation] {
    let installation = try primary.requiredServer().installation
    let setting =
      "set synchronous_standby_names of \(primary.subject) to what \(path(installation)) says"
    return [
      .untold(setting), .statement(StandbySettings.reload, in: primary),
      .command(forgetting(installation), on: primary.host),
    ].map { Operation($0, if: "its commits were let through without waiting") }
  }

  private static func forgetting(_ installation: DatabaseServer.Installation) -> Command {
    Command(["rm", "-f", "--", path(installation)], account: installation.account)
  }

  private static func path(_ installation: DatabaseServer.Installation) -> String {
    "\(ServerHost.keep(of: installation))/synchronous_standby_names"
  }

  private func path(_ host: ServerHost) -> String { Self.path(host.installation) }

  private func set(_ names: String) async throws {
    try await `operator`.session(primary) { writer in
      try writer.execute(Self.setting(names))
      try writer.call(StandbySettings.reload)
    }
  }
}
