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

  /// Each place with the hand that works there.
  let hands: [(place: Place, hand: any ShareHand)]
  /// The probe files' token.
  let token: String
  let time: any TimeSource

  /// Throws `path.not_shared` when one host doesn't see what another wrote. The probe files are gone in every case.
  func prove() async throws {
    guard let first = hands.first else { return }
    // What an attempt of this step that was cut off has left.
    try await removeFiles()
    do {
      let nonce = Self.nonce()
      try await first.hand.write(ask, nonce)
      for (index, other) in hands.enumerated().dropFirst() {
        try await expect(nonce, in: ask, writtenAt: first.place, readBy: other)
        let answer = "\(nonce) \(other.place.host.id)"
        try await other.hand.write(reply(index), answer)
        try await expect(answer, in: reply(index), writtenAt: other.place, readBy: first)
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
        "\(error); and then the probe files \(ProbeFileName.prefix)*-\(token) could not be removed: \(failure)",
        advice: "remove them by hand")
    }
  }

  private var ask: ProbeFileName { ProbeFileName(label: "share-ask", token: token) }

  private func reply(_ index: Int) -> ProbeFileName {
    ProbeFileName(label: "share-reply-\(index)", token: token)
  }

  /// Not to be guessed, and different each time: what is read was written just now.
  private static func nonce() -> String {
    (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
  }

  private func removeFiles() async throws {
    for (index, each) in hands.enumerated() {
      try await each.hand.remove(index == 0 ? ask : reply(index))
    }
  }

  private func expect(
    _ text: String, in name: ProbeFileName, writtenAt writer: Place,
    readBy reader: (place: Place, hand: any ShareHand)
  ) async throws {
    let deadline = time.uptime() + Self.patience
    while try await !reader.hand.holds(name, text) {
      guard time.uptime() < deadline else {
        throw ActionError(
          Self.notShared,
          "\(reader.place.host.id) does not see in \(reader.place.directory) what "
            + "\(writer.host.id) wrote in \(writer.directory)",
          advice: "see what is mounted on both")
      }
      try await time.sleep(for: Self.pollInterval)
    }
  }
}
