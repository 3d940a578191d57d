public import Journal
import Runbook
import Synchronization

/// Something that was asked of a host, a database or an HTTP server, and the answer as it came.
public struct Exchange: Sendable, Encodable {
  /// What there is of an answer depends on what was asked.
  public struct Answer: Sendable, Encodable {
    /// Of a command; what it wrote is in `output` and `error`.
    public var exitCode: Int?
    public var output: String?
    public var error: String?
    public var rows: [[String: JSON]]?
    /// Of an HTTP server.
    public var status: Int?
    public var body: String?
    /// Of output or body: what there was more than Lifeboat keeps.
    public var cutBytes: Int?
    /// There was none: Lifeboat's code and words.
    public var failure: String?

    enum CodingKeys: String, CodingKey {
      case exitCode = "exit_code"
      case output, error, rows, status, body
      case cutBytes = "cut_bytes"
      case failure
    }
  }

  public let asked: OperationRecord
  public let at: Timestamp
  public let milliseconds: Int
  public let answer: Answer
}

/// What was asked during one look, in its order.
final class Transcript: Sendable {
  private let time: any TimeSource
  private let kept = Mutex<[Exchange]>([])

  init(time: any TimeSource) { self.time = time }

  var exchanges: [Exchange] { kept.withLock { $0 } }

  /// An exchange without an `answer` is kept only when it fails.
  func keep<Result>(
    _ asked: Operation.Work, as answer: (Result) -> Exchange.Answer?,
    _ body: () async throws -> Result
  ) async throws -> Result {
    let began = Moment(time)
    do {
      let result = try await body()
      if let answer = answer(result) { keep(asked, since: began, answer) }
      return result
    } catch {
      keep(asked, since: began, Exchange.Answer(of: error))
      throw error
    }
  }

  func keep<Result>(
    _ asked: Operation.Work, as answer: (Result) -> Exchange.Answer?, _ body: () throws -> Result
  ) throws -> Result {
    let began = Moment(time)
    do {
      let result = try body()
      if let answer = answer(result) { keep(asked, since: began, answer) }
      return result
    } catch {
      keep(asked, since: began, Exchange.Answer(of: error))
      throw error
    }
  }

  private struct Moment {
    let at: Timestamp
    let uptime: Duration

    init(_ time: any TimeSource) { (at, uptime) = (Timestamp(time.now()), time.uptime()) }
  }

  private func keep(_ asked: Operation.Work, since began: Moment, _ answer: Exchange.Answer) {
    let exchange = Exchange(
      asked: OperationRecord(Operation(asked)), at: began.at,
      milliseconds: Int((time.uptime() - began.uptime).milliseconds), answer: answer)
    kept.withLock { $0.append(exchange) }
  }
}

extension Exchange.Answer {
  fileprivate init(of error: any Error) {
    self.init(failure: (error as? ActionError)?.description ?? "\(error)")
  }

  /// Of what is worth keeping only when it fails.
  static func ofSuccess<Result>(_: Result) -> Exchange.Answer? { nil }

  init(_ response: HTTPResponse) {
    self.init(
      status: response.status, body: OthersSecrets.blotted(response.body),
      cutBytes: response.cutBytes)
  }

  init(_ rows: [SQLRow]) {
    self.init(
      rows: rows.map { row in
        Dictionary(
          row.columns.map { ($0.name, JSON($0.value)) }, uniquingKeysWith: { first, _ in first })
      })
  }
}
