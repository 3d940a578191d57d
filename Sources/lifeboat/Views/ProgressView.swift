import Engine
import Foundation
import Journal
import Review
import Runbook
import Synchronization

/// How output is written.
enum OutputFormat: String, CaseIterable, Sendable {
  case text, json
}

/// Shows a run as its entries come: lines for a person, with a live last line on a terminal, or one JSON object an entry.
final class ProgressView: Sendable {
  private let console: Console
  private let format: OutputFormat
  private let time: any TimeSource
  private let tellsText: Bool
  private let narrator = Mutex(Narrator())

  /// `tellsText`: false where text is written at the end, as a whole.
  init(console: Console, format: OutputFormat, time: any TimeSource, tellsText: Bool = true) {
    self.tellsText = tellsText
    self.console = console
    self.format = format
    self.time = time
  }

  /// For a run that goes on: tells the narrator what was before.
  func resume(from entries: [Entry]) throws {
    let resumed = try Narrator(resuming: entries)
    narrator.withLock { $0 = resumed }
  }

  func show(_ entry: Entry) {
    switch format {
    case .json:
      console.write(entry.json.description)
    case .text:
      guard tellsText else { return }
      do {
        console.write(
          try narrator.withLock { narrator in
            if entry.kind == RunStarted.kind { narrator = Narrator() }
            return try narrator.lines(for: entry)
          })
      } catch {
        console.writeError("lifeboat: entry \(entry.index) can't be shown: \(error)")
      }
    }
  }

  /// Redraws the live line until cancelled: what is being done, since when, what comes next, how to stop.
  func runStatusLine() async {
    guard format == .text, console.isTerminal else { return }
    while !Task.isCancelled {
      if let (now, abort) = narrator.withLock({ narrator in
        narrator.now.map { ($0, narrator.abortIsFree.map { " · \($0)" } ?? "") }
      }) {
        let since = Timestamp(time.now()).duration(since: now.since)
        let next = now.next.map { " · next: \($0)" } ?? ""
        console.status(
          "▸ \(now.text) since \(Self.clock(now.since)) (\(since.spoken))\(next)\(abort) · Ctrl-C stops after this step"
        )
      }
      do { try await time.sleep(for: .milliseconds(200)) } catch { return }
    }
  }

  /// `03:12:04Z`
  private static func clock(_ timestamp: Timestamp) -> String {
    String(timestamp.description.dropFirst(11).prefix(8)) + "Z"
  }
}
