import Runbook

/// How this machine's ssh client gets to a host.
struct SSHRoute: Sendable {
  let address: String
  /// The destination's address, and what lies between: jump hosts with their addresses, or the command that is a proxy.
  let hops: [String]

  /// Nil when ssh doesn't say. Nothing but ssh's configuration is read.
  static func read(
    to settings: SSHSettings, _ observer: any Observer
  ) async throws -> SSHRoute? {
    guard let own = try await configuration(of: settings, observer),
      let address = own["hostname"]
    else { return nil }
    var hops = [address] + [own["proxycommand"]].compactMap(\.self)
    for jump in own["proxyjump"]?.split(separator: ",").map(String.init) ?? [] {
      let further = SSHSettings(
        destination: host(ofJump: jump), configuration: settings.configuration)
      let address = try await configuration(of: further, observer)?["hostname"]
      hops += [jump] + [address].compactMap(\.self)
    }
    return SSHRoute(address: address, hops: hops)
  }

  /// `user@host:port`, or `ssh://user@host:port`
  private static func host(ofJump jump: String) -> String {
    var host = jump.replacing("ssh://", with: "")
    if let at = host.lastIndex(of: "@") { host = String(host[host.index(after: at)...]) }
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      return String(host[host.index(after: host.startIndex)..<end])
    }
    let parts = host.split(separator: ":")
    return parts.count == 2 ? String(parts[0]) : host
  }

  private static func configuration(
    of settings: SSHSettings, _ observer: any Observer
  ) async throws -> [String: String]? {
    do {
      let said = try await observer.run(.sshRoute(to: settings), on: .thisMachine)
      guard said.exitCode == 0 else { return nil }
      let pairs = said.standardOutput.split(separator: "\n").compactMap {
        line -> (String, String)? in
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        return words.count == 2 && words[1] != "none" ? (words[0], words[1]) : nil
      }
      return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
    } catch is ActionError {
      return nil
    }
  }
}
