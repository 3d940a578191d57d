import ODBC
import Runbook

/// What a database server or its driver says, in words for an operator. Bound values are never in it.
struct ServerErrors {
  let copy: DatabaseCopy
  let isWriting: Bool

  func described(_ error: any Error) -> any Error {
    guard let error = error as? ODBCError else { return error }
    let (code, advice) = meaning(of: error.kind)
    if let known = SQLServerErrors.meaning(of: error) {
      return ActionError(
        known.code ?? code, "\(copy.subject): \(known.meaning): \(error.description)",
        advice: known.advice,
        kind: kind(of: error))
    }
    return ActionError(
      code, "\(copy.subject): \(error.description)", advice: advice, kind: kind(of: error))
  }

  private func kind(of error: ODBCError) -> ActionError.Kind {
    if isWriting, error.isInDoubt { return .inDoubt }
    return switch error.kind {
    case .unreachable, .timedOut, .connectionLost: .unreachable
    // A server that answers isn't dark, whatever it answers: nobody may vouch for it.
    case .driverMissing, .authentication, .encryption, .refused, .cancelled, .invalidCall: .failed
    }
  }

  private func meaning(of kind: ODBCError.Kind) -> (code: String, advice: String) {
    switch kind {
    case .driverMissing: ("database.driver", "install the driver on this machine")
    case .unreachable:
      ("database.unreachable", "see whether the server runs, and whether this machine gets there")
    case .timedOut: ("database.timed_out", "see whether the server or its host hangs")
    case .authentication:
      ("database.login", "see the account and its password under 'observe' and 'operate'")
    case .encryption:
      ("database.tls", "compare 'tls' in the inventory with the server's certificate")
    case .refused: ("database.statement", "the server's own words say why")
    case .connectionLost: ("database.connection_lost", "see the server's log")
    case .cancelled: ("database.cancelled", "look who ended the statement")
    case .invalidCall: ("database.call", "this is a defect: report it with the message")
    }
  }
}
