import Runbook

/// Proves that hosts see one directory: what one writes the other reads, by exact name, and the reverse.
struct ShareExchange: Sendable {
  /// Clients of network file systems keep what they have read for some seconds.
  private static let patience = Duration.seconds(15)
  static let notShared = "path.not_shared"
  private static let pollInterval = Duration.milliseconds(250)

  struct Place: Sendable {
    let host: Host
    let directory: String
  }

  let places: [Place]
  let files: any ProbeFileWriter
  let observer: any Observer

  /// Throws `path.not_shared` when one host doesn't see what another wrote. The probe files are gone in every case.
  func prove() async throws {
    guard let first = places.first else { return }
    // What an attempt of this step that was cut off has left.
    try await removeFiles()
    do {
      let nonce = Self.nonce()
      try await write(ask, nonce, at: first)
      for (index, place) in places.enumerated().dropFirst() {
        try await expect(nonce, in: ask, writtenAt: first, readAt: place)
        let answer = "\(nonce) \(place.host.id)"
        try await write(reply(index), answer, at: place)
        try await expect(answer, in: reply(index), writtenAt: place, readAt: first)
      }
    } catch {
      try await cleanUp(after: error)
      throw error
    }
    try await removeFiles()
  }

  /// Also when the task is cancelled: a command of a cancelled task would not run.
  private func cleanUp(after error: any Error) async throws {
    do {
      try await Task { try await removeFiles() }.value
    } catch let failure {
      throw ActionError(
        "path.probe_files_left",
        "\(error); and then the probe files \(ProbeFileName.prefix)*-\(files.token) could not be removed: \(failure)",
        advice: "remove them by hand")
    }
  }

  private var ask: ProbeFileName { ProbeFileName(label: "share-ask", token: files.token) }

  private func reply(_ index: Int) -> ProbeFileName {
    ProbeFileName(label: "share-reply-\(index)", token: files.token)
  }

  /// Not to be guessed, and different each time: what is read was written just now.
  private static func nonce() -> String {
    (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
  }

  private func write(_ name: ProbeFileName, _ text: String, at place: Place) async throws {
    try await files.writeProbeFile(name, contents: text, in: place.directory, on: place.host)
  }

  private func removeFiles() async throws {
    for (index, place) in places.enumerated() {
      let name = index == 0 ? ask : reply(index)
      try await files.removeProbeFile(name, in: place.directory, on: place.host)
    }
  }

  private func expect(
    _ text: String, in name: ProbeFileName, writtenAt writer: Place, readAt reader: Place
  ) async throws {
    let deadline = observer.time.uptime() + Self.patience
    while true {
      let result = try await observer.run(
        .readFile("\(reader.directory)/\(name)"), on: reader.host)
      if result.exitCode == 0, result.standardOutput == text { return }
      guard observer.time.uptime() < deadline else {
        throw ActionError(
          Self.notShared,
          "\(reader.host.id) does not see in \(reader.directory) what \(writer.host.id) wrote in "
            + "\(writer.directory)",
          advice: "see what is mounted on both")
      }
      try await observer.time.sleep(for: Self.pollInterval)
    }
  }
}
