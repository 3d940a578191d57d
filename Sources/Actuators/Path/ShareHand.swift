import Runbook

/// Writes and reads in one of the places of an exchange, as some account.
protocol ShareHand: Sendable {
  func write(_ name: ProbeFileName, _ text: String) async throws
  /// Whether the file is there and holds this text.
  func holds(_ name: ProbeFileName, _ text: String) async throws -> Bool
  /// One that isn't there is removed.
  func remove(_ name: ProbeFileName) async throws
}

/// The account that Lifeboat logs in with.
struct LoginHand: ShareHand {
  let place: ShareExchange.Place
  let files: any ProbeFileWriter
  let observer: any Observer

  func write(_ name: ProbeFileName, _ text: String) async throws {
    try await files.writeProbeFile(name, contents: text, in: place.directory, on: place.host)
  }

  func holds(_ name: ProbeFileName, _ text: String) async throws -> Bool {
    let result = try await observer.run(
      .readText(HostPath.joined(place.directory, "\(name)", on: place.host), on: place.host),
      on: place.host)
    return result.exitCode == 0 && result.standardOutput == text
  }

  func remove(_ name: ProbeFileName) async throws {
    try await files.removeProbeFile(name, in: place.directory, on: place.host)
  }
}
