import Runbook

/// The end of the log of a primary that was shut down in good order. The position alone isn't proof: the record there must
/// be the shutdown's, and the last one.
struct ShutdownCheckpoint: Sendable {
  let source: DatabaseCopy
  let observer: any Observer

  /// As soon as the server that runs now has ended; nil when that isn't seen in time, or isn't as it should be. Begun before
  /// the server is stopped, it spares a journey while nobody takes changes.
  func awaited() async -> LogPosition? { try? await position(whenEnded: true) }

  /// Throws when the server isn't shut down in good order.
  func position() async throws -> LogPosition { try await position(whenEnded: false) }

  private func position(whenEnded isAwaited: Bool) async throws -> LogPosition {
    let result = try await observer.run(
      .logEnding(of: try source.requiredServer().installation, whenServerEnds: isAwaited),
      on: source.host)
    let parts = result.standardOutput.split(
      separator: "\(ReadOnlyCommand.endOfControlData)\n", omittingEmptySubsequences: false)
    guard parts.count == 2, let control = ControlData(String(parts[0])), control.isCleanPrimary
    else {
      throw ActionError(
        "postgresql.not_shut_down",
        "\(source.subject) is not shut down in good order: what it still has can't be told"
          + (parts.count == 2 ? "" : " (\(result.standardError))"),
        advice: "start it and run the step again, or reverse ungracefully")
    }
    let records = parts[1].split(separator: "\n")
    guard records.count == 1, records[0].contains("CHECKPOINT_SHUTDOWN") else {
      throw ActionError(
        "postgresql.log_end",
        "the log of \(source.subject) doesn't end with its shutdown checkpoint at "
          + "\(control.checkpoint): \(result.standardError)",
        advice: "look at it by pg_waldump; start the server again by reversing to \(source.site)")
    }
    return control.checkpoint
  }
}
