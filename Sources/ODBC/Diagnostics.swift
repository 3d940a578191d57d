import CODBC

/// Reads what driver manager, driver and server have reported on a handle.
enum Diagnostics {
  static func read(_ type: Int32, _ handle: SQLHANDLE?) -> [ODBCDiagnostic] {
    var found: [ODBCDiagnostic] = []
    var state = [SQLWCHAR](repeating: 0, count: 6)
    var message = [SQLWCHAR](repeating: 0, count: 4096)
    var native: SQLINTEGER = 0
    var length: SQLSMALLINT = 0
    // A driver that never says "no more" must not keep us for ever.
    for number in SQLSMALLINT(1)...32 {
      let code = SQLGetDiagRecW(
        SQLSMALLINT(type), handle, number, &state, &native, &message, SQLSMALLINT(message.count),
        &length)
      guard code == SQL_SUCCESS || code == SQL_SUCCESS_WITH_INFO else { break }
      let text = message.prefix(min(Int(max(0, length)), message.count - 1))
      found.append(
        ODBCDiagnostic(
          state: String(decoding: state.prefix(5), as: UTF16.self), nativeError: Int(native),
          message: withoutNoise(String(decoding: text, as: UTF16.self))))
    }
    return found
  }

  /// Drops who passed the message on (`[unixODBC][Driver]`), and what a driver adds to each.
  private static func withoutNoise(_ message: String) -> String {
    var text = message[...]
    while text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      text = text[text.index(after: end)...]
    }
    var words = String(text)
    for noise in [";\nError while executing the query", "\n"] {
      words = words.replacing(noise, with: noise == "\n" ? " " : "")
    }
    return words.trimmed
  }
}

extension String {
  fileprivate var trimmed: String {
    let kept = drop(while: \.isWhitespace)
    return String(
      kept[..<(kept.lastIndex { !$0.isWhitespace }.map(kept.index(after:)) ?? kept.endIndex)])
  }
}

/// What a failed call means, by its diagnostics.
struct Failure {
  let diagnostics: [ODBCDiagnostic]

  /// While a connection is being made.
  var kindOfConnecting: ODBCError.Kind {
    if has(states: ["IM002", "IM003", "IM004", "IM005", "01000"]), has(words: ["open lib"]) {
      return .driverMissing
    }
    if has(states: ["IM002", "IM003"]) { return .driverMissing }
    // SQL Server says so together with "login failed".
    if has(natives: [4060]) { return .refused }
    if has(classes: ["28"]) || has(natives: [18452, 18456, 18470, 18486, 18487, 18488])
      || has(natives: [1044, 1045, 1698])
      || has(words: [
        "password authentication failed", "no pg_hba.conf entry", "no password supplied",
      ])
    {
      return .authentication
    }
    if has(states: ["HYT00", "HYT01"])
      || has(words: ["timeout expired", "timed out", "system error: 110"])
    {
      return .timedOut
    }
    if has(words: ["certificate", "SSL", "TLS"]) { return .encryption }
    if has(natives: [1040, 1049, 1129, 1130, 1203])
      || has(words: [
        "FATAL:"
      ])
    {
      return .refused
    }
    return .unreachable
  }

  /// While a statement is under way.
  var kindOfStatement: ODBCError.Kind {
    if has(states: ["HYT00", "HYT01"]) || has(natives: [1969, 3024])
      || has(words: ["due to statement timeout"])
    {
      return .timedOut
    }
    // 08004: a server that answers doesn't let somebody in.
    if diagnostics.contains(where: { $0.state.hasPrefix("08") && $0.state != "08004" })
      || has(states: ["57P01", "57P02", "57P03"])
      || has(natives: [2002, 2006, 2013, 2055, 1053, 1927, 20004, 20006, 20017, 20047])
      || has(words: ["server closed the connection", "no connection to the server"])
      || endsWithoutWord
    {
      return .connectionLost
    }
    if has(states: ["57014", "HY008"]) || has(natives: [1317]) { return .cancelled }
    return .refused
  }

  /// What FreeTDS says when the connection breaks in the middle of an answer. A refusal of the server's has a number.
  private var endsWithoutWord: Bool {
    diagnostics.contains {
      $0.state == "HY000" && $0.nativeError == 0 && $0.message.contains("Unknown error")
    }
  }

  private func has(states: [String]) -> Bool { diagnostics.contains { states.contains($0.state) } }

  private func has(classes: [String]) -> Bool {
    diagnostics.contains { classes.contains(String($0.state.prefix(2))) }
  }

  private func has(natives: [Int]) -> Bool {
    diagnostics.contains { natives.contains($0.nativeError) }
  }

  /// For what a driver reports under a state or number of its own, or under none: PostgreSQL's driver does so with all that
  /// happens while connecting. A server that speaks another language than English gets the more general kind.
  private func has(words: [String]) -> Bool {
    diagnostics.contains { diagnostic in words.contains { diagnostic.message.contains($0) } }
  }
}
