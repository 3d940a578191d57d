import Runbook

import struct Foundation.Data
import class Foundation.JSONDecoder

/// What Windows says of one service.
struct WindowsService: Sendable {
  private struct Report: Decodable {
    let missing: Bool?
    let state: String?
    let startType: String?
    let exitCode: Int?
    let recovery: String?
    let dependants: [String]?
    let account: String?

    enum CodingKeys: String, CodingKey {
      case missing, state, recovery, dependants, account
      case startType = "start_type"
      case exitCode = "exit_code"
    }
  }

  private struct Reports: Decodable { let reports: [Report] }

  private let report: Report

  /// Nil for a service that isn't there. Nil altogether when the text says nothing of services.
  static func services(in text: String) -> [WindowsService?]? {
    try? JSONDecoder().decode(Reports.self, from: Data(text.utf8)).reports.map {
      $0.missing == true ? nil : WindowsService(report: $0)
    }
  }

  /// The account that it runs under; nil when the host doesn't tell.
  var account: String? { report.account }

  /// Nil for a word that is new here.
  var state: ServiceState? {
    switch report.state {
    case "Running": .running
    case "Start Pending", "Continue Pending": .starting
    case "Stop Pending": .stopping
    case "Stopped": Self.orderlyExitCodes.contains(report.exitCode ?? 0) ? .stopped : .failed
    // One that pauses is alive, and may go on at any moment.
    case "Paused", "Pause Pending": .running
    default: nil
    }
  }

  /// No error, and never started since the host was.
  private static let orderlyExitCodes: Set = [0, 1077]

  /// `Stop Pending`, or `Stopped with exit code 1067 (…)`.
  var words: String {
    let state = report.state ?? "?"
    guard let code = report.exitCode, self.state == .failed else { return state }
    let meaning = WindowsError(number: code).meaning.map { ": \($0.words)" } ?? ""
    return "\(state) with exit code \(code)\(meaning)"
  }

  var startType: String {
    switch report.startType {
    case "Auto": "automatic"
    case "Manual": "manual"
    case "Disabled": "disabled"
    case let other: (other ?? "").lowercased()
    }
  }

  /// Those that run, and that Windows stops with it.
  var dependants: [String] { (report.dependants ?? []).sorted() }

  /// What Windows does when the service's process ends by itself: `restart after 60000 ms`, one item a failure.
  var recovery: [String] {
    let bytes = report.recovery.flatMap { Data(base64Encoded: $0) }.map(Array.init) ?? []
    func number(at offset: Int) -> Int? {
      guard offset + 4 <= bytes.count else { return nil }
      return (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }
    // As the registry keeps SERVICE_FAILURE_ACTIONS: five numbers, the fourth of which counts the actions after them.
    guard let count = number(at: 12), count <= 16 else { return [] }
    return (0..<count).compactMap { place in
      guard let kind = number(at: 20 + 8 * place), let delay = number(at: 24 + 8 * place),
        Self.recoveryActions.indices.contains(kind)
      else { return nil }
      return kind == 0 ? "nothing" : "\(Self.recoveryActions[kind]) after \(delay) ms"
    }
  }

  private static let recoveryActions = ["nothing", "restart", "reboot", "command"]
}
