/// What is wrong with the lab for a while.
enum Fault: String, Sendable {
  case powerCut = "no power"
  case hang = "hangs"
  case linkDown = "cable out"
  case partition = "network partitioned"
  case diskFull = "disk full"
}

/// A machine, by its part in a move of control.
struct Place: Sendable {
  enum Side: Sendable { case from, to }
  enum Role: String, Sendable { case scheduler, database }

  let side: Side
  let role: Role

  static func from(_ role: Role) -> Place { Place(side: .from, role: role) }
  static func to(_ role: Role) -> Place { Place(side: .to, role: role) }

  func site(_ direction: HostsLab.Direction) -> String {
    side == .from ? direction.from : direction.to
  }

  func machine(_ direction: HostsLab.Direction) -> String {
    "\(site(direction))-\(role.rawValue)"
  }
}

/// A fault at one step of a runbook.
struct Strike: Sendable, CustomStringConvertible {
  enum Moment: String, Sendable {
    /// The step has been begun, and nothing of it is done.
    case before
    /// The intent is in the journal, and the act under way.
    case during
  }

  let step: String
  let fault: Fault
  let place: Place
  var moment = Moment.before
  /// Between the old scheduler's stop and the reversal nobody has the permit, so a primary that was without power in
  /// between comes back only by a person's word.
  var needsGrant = false
  /// The exit codes with which a run may end that meets it.
  var ends: Set<Int32> = Self.stopped

  /// failed, refused, in doubt, or waiting for a person
  static let stopped: Set<Int32> = [1, 2, 3, 4]
  /// The runner came to the crash point that was set behind the step: the fault doesn't keep it from being done.
  static let passes: Int32 = 137
  /// The run came to its end.
  static let done: Int32 = 0

  var description: String {
    "\(fault.rawValue) at the \(place.role.rawValue) of '\(place.side)' \(moment.rawValue) \(step)"
  }

  /// For `lab disaster`.
  func disaster(_ direction: HostsLab.Direction) -> [String] {
    let machine = place.machine(direction)
    return switch fault {
    case .powerCut: [machine]
    case .hang: [machine, "--hang"]
    case .linkDown: [machine, "--link-down"]
    case .partition: ["outside", place.site(direction), "--partition"]
    case .diskFull: [machine, "--disk-full"]
    }
  }

  /// For `lab heal`.
  func remedy(_ direction: HostsLab.Direction) -> [String] {
    fault == .partition ? ["outside", place.site(direction)] : [place.machine(direction)]
  }
}
