import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// What a host sees of others: the addresses of their names, and whether their ports answer.
struct NetworkLook: Sendable {
  /// How a port answered.
  enum Answer: String, Sendable {
    case open
    /// The machine answered, and nothing listens there.
    case refused
    /// Nothing came back in time.
    case silent
    case failed
  }

  private static let patienceInMilliseconds = 5000
  private static let noSuchName = 2
  private static let timedOut = 124

  let host: Host

  /// What both looks run on a host that isn't Windows.
  static let programs = ["bash", "getent", "timeout"]

  /// None when the name has none there.
  func addresses(of name: String, _ observer: any Observer) async throws -> [String] {
    guard host.isWindows else {
      let result = try await observer.run(.addresses(of: name), on: host)
      guard result.exitCode == 0 || result.exitCode == Self.noSuchName else {
        throw ActionError(
          "network.lookup", "\(host.id) can't look up \(name): \(result.standardError)")
      }
      let addresses = result.standardOutput.split(separator: "\n").compactMap {
        $0.split(separator: " ").first.map(String.init)
      }
      return Array(Set(addresses)).sorted()
    }
    let result = try await observer.run(.windows(.addresses, ["name": .string(name)]), on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "network.lookup", "\(host.id) can't look up \(name): \(result.standardError)")
    }
    return try JSONDecoder().decode(
      [String: [String]].self, from: Data(result.standardOutput.utf8))["addresses", default: []]
      .sorted()
  }

  /// By IPv4 on Windows hosts.
  func answer(of name: String, port: Int, _ observer: any Observer) async throws -> Answer {
    guard host.isWindows else {
      let result = try await observer.run(.connect(to: name, port: port), on: host)
      if result.exitCode == 0 { return .open }
      if result.exitCode == Self.timedOut { return .silent }
      return result.standardError.contains("Connection refused") ? .refused : .failed
    }
    let result = try await observer.run(
      .windows(
        .connection,
        [
          "name": .string(name), "port": .integer(port),
          "milliseconds": .integer(Self.patienceInMilliseconds),
        ]), on: host)
    guard result.exitCode == 0 else {
      throw ActionError(
        "network.connect", "\(host.id) can't connect to anything: \(result.standardError)")
    }
    return Answer(rawValue: result.standardOutput) ?? .failed
  }
}
