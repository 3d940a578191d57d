import CPlatform

/// A named place at which the runner can be made to die, as by a power cut. They are part of the program that operators
/// run: what is tested is what is used. Set by `LIFEBOAT_CRASH_AT=STEP:POINT`, or `run:POINT`.
public enum CrashPoint: Sendable, Hashable {
  /// After the run's first entry.
  case runStarted
  /// Every step is done, and the last entry isn't written.
  case runBeforeEnd
  case runAfterEnd
  case stepStarted
  case beforeIntent
  case afterIntent
  /// Within `act`, immediately before its n-th call on the world (1-based).
  case duringAct(call: Int)
  /// `act` has returned, and nothing of that is written.
  case afterAct
  case afterActed
  /// Satisfied by the probe, and not written.
  case beforeOutcome
  case afterOutcome

  public static let ofRun: [CrashPoint] = [.runStarted, .runBeforeEnd, .runAfterEnd]
  /// All points of a step but those within `act`, whose number depends on the action.
  public static let ofStep: [CrashPoint] = [
    .stepStarted, .beforeIntent, .afterIntent, .afterAct, .afterActed, .beforeOutcome,
    .afterOutcome,
  ]

  public var name: String {
    switch self {
    case .runStarted: "run.started"
    case .runBeforeEnd: "run.before-end"
    case .runAfterEnd: "run.after-end"
    case .stepStarted: "step.started"
    case .beforeIntent: "intent.before"
    case .afterIntent: "intent.after"
    case .duringAct(let call): "act.call-\(call)"
    case .afterAct: "act.after"
    case .afterActed: "acted.after"
    case .beforeOutcome: "outcome.before"
    case .afterOutcome: "outcome.after"
    }
  }
}

/// Where this process is to die, if anywhere.
public struct CrashPlan: Sendable {
  /// What the environment variable says: `truncate-failover:act.after`.
  private let place: String?
  private let crash: @Sendable () -> Void

  public static let none = CrashPlan(nil, crash: {})

  /// Dies by SIGKILL at `place`. Throws `EngineError` for a point that doesn't exist: a drill that never crashes would
  /// pass for one that was survived.
  public init(_ place: String?) throws {
    if let place { try Self.requireKnown(place) }
    self.init(place, crash: { platform_power_cut() })
  }

  private static func requireKnown(_ place: String) throws {
    let point = place.split(separator: ":", maxSplits: 1).last.map(String.init) ?? ""
    let names = (CrashPoint.ofRun + CrashPoint.ofStep).map(\.name)
    guard place.contains(":"), names.contains(point) || point.hasPrefix("act.call-") else {
      throw EngineError(
        "crash.unknown_point", "LIFEBOAT_CRASH_AT: there is no point '\(place)'",
        advice: "STEP:POINT with one of \(names.joined(separator: ", ")), act.call-N")
    }
  }

  init(_ place: String?, crash: @escaping @Sendable () -> Void) {
    self.place = place
    self.crash = crash
  }

  func reach(_ point: CrashPoint, step: String? = nil) {
    if let place, place == "\(step ?? "run"):\(point.name)" { crash() }
  }

  /// Whether a point within this step's `act` is meant.
  func isWithinAct(of step: String) -> Bool { place?.hasPrefix("\(step):act.call-") ?? false }
}
