import Journal
import Runbook

/// Looks through another observer, and keeps everything that is asked and answered.
struct TranscribingObserver: Observer {
  let base: any Observer
  let transcript: Transcript

  var time: any TimeSource { base.time }

  func run(_ command: ReadOnlyCommand, on host: Host) async throws -> CommandResult {
    let asked = Command(command.arguments, account: command.account)
    let answer = { Exchange.Answer($0, to: command) }
    return try await transcript.keep(.command(asked, on: host), as: answer) {
      try await base.run(command, on: host)
    }
  }

  func read<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLReader) throws -> Result
  ) async throws -> Result {
    let asked = Operation.Work.untold("a read-only transaction at \(database.subject)")
    return try await transcript.keep(asked, as: Exchange.Answer.ofSuccess) { [transcript] in
      try await base.read(database) {
        try body(TranscribingReader(base: $0, database: database, transcript: transcript))
      }
    }
  }

  func fetch(_ request: HTTPLookup) async throws -> HTTPResponse {
    let asked = HTTPRequest(
      method: request.method.rawValue, url: request.url, headers: request.headers,
      timeout: request.timeout, access: request.access)
    return try await transcript.keep(.request(asked), as: Exchange.Answer.init(_:)) {
      try await base.fetch(request)
    }
  }

  func logIn(_ database: DatabaseCopy) async throws {
    let asked = Operation.Work.untold(
      "a log-in to \(database.subject), as the account that changes it")
    try await transcript.keep(asked, as: Exchange.Answer.ofSuccess) {
      try await base.logIn(database)
    }
  }
}

private struct TranscribingReader: SQLReader {
  let base: any SQLReader
  let database: DatabaseCopy
  let transcript: Transcript

  func query(_ statement: SQLStatement) throws -> [SQLRow] {
    try transcript.keep(.statement(statement, in: database), as: Exchange.Answer.init(_:)) {
      try base.query(statement)
    }
  }
}

/// A world that is only looked at, each look with a transcript of its own.
struct TranscribedWorld: ObservableWorld {
  let base: any ObservableWorld
  let transcript: Transcript

  func makeObserver() -> any Observer {
    TranscribingObserver(base: base.makeObserver(), transcript: transcript)
  }

  func makeProbeFileWriter(token: String) -> any ProbeFileWriter {
    base.makeProbeFileWriter(token: token)
  }
}
