import Glibc
import SystemPackage

/// What `lab-scheduler` could not do: a stable kind, and one line that says what, where and what
/// to do next.
struct LabError: Error {
  /// The kinds of failure. The raw value is printed after the message and never changes.
  enum Kind: String, Codable {
    case failed
    case unknownService = "unknown-service"
    case refused
    case timedOut = "timed-out"
    case dependency
    case invalidFile = "invalid-file"
    case notALab = "not-a-lab"
    case programNotStarted = "program-not-started"
    case unreachable

    /// The exit status of the command that meets the failure.
    var exitStatus: Int32 {
      switch self {
      case .failed, .invalidFile, .notALab: 1
      case .unknownService: 4
      case .refused: 5
      case .timedOut: 6
      case .dependency: 7
      case .programNotStarted: 127  // what a shell at the other end of ssh returns
      case .unreachable: 255  // what ssh returns
      }
    }
  }

  let kind: Kind
  let message: String

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// The line for standard error, without the program's name.
  var line: String {
    kind == .unreachable ? message : "\(message) [\(kind.rawValue)]"
  }

  static func unreachable(host directory: String) -> LabError {
    LabError(.unreachable, "host \(directory): unreachable")
  }

  /// A system call that failed; reads `errno`, so call it at once.
  static func systemCall(_ call: String, on object: String) -> LabError {
    LabError(.failed, "\(object): \(call): \(Errno.current.description)")
  }
}

extension Errno {
  static var current: Errno { Errno(rawValue: errno) }
}
