public import Runbook
import Synchronization

/// An operator that writes down what is done by it, in the order in which it is begun.
public final class RecordingOperator: Operator {
  private let base: any Operator
  private let works = Mutex<[Operation.Work]>([])

  public init(_ base: any Operator) { self.base = base }

  /// What was done until now.
  public var performed: [Operation.Work] { works.withLock { $0 } }

  private func record(_ work: Operation.Work) { works.withLock { $0.append(work) } }

  public var observer: any Observer { base.observer }
  public var token: String { base.token }

  public func run(_ command: Command, on host: Host) async throws -> CommandResult {
    record(.command(command, on: host))
    return try await base.run(command, on: host)
  }

  public func transaction<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await base.transaction(database) { [self] writer in
      try body(RecordingWriter(base: writer, copy: database) { self.record($0) })
    }
  }

  public func session<Result: Sendable>(
    _ database: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await base.session(database) { [self] writer in
      try body(RecordingWriter(base: writer, copy: database) { self.record($0) })
    }
  }

  public func send(_ request: HTTPRequest) async throws -> HTTPResponse {
    record(.request(request))
    return try await base.send(request)
  }

  public func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    record(.file(.write, path: "\(directory)/\(name)", on: host))
    try await base.writeProbeFile(name, contents: contents, in: directory, on: host)
  }

  public func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host)
    async throws
  {
    record(.file(.remove, path: "\(directory)/\(name)", on: host))
    try await base.removeProbeFile(name, in: directory, on: host)
  }
}

/// Queries only look; calls don't.
private struct RecordingWriter: SQLWriter {
  let base: any SQLWriter
  let copy: DatabaseCopy
  let record: (Operation.Work) -> Void

  func query(_ statement: SQLStatement) throws -> [SQLRow] { try base.query(statement) }

  func execute(_ statement: SQLStatement) throws -> Int {
    record(.statement(statement, in: copy))
    return try base.execute(statement)
  }

  func call(_ statement: SQLStatement) throws -> [SQLRow] {
    record(.statement(statement, in: copy))
    return try base.call(statement)
  }
}

extension [Operation] {
  /// Whether what was performed is what these operations say, in their order. `isCutOff`: acting was ended in the middle.
  public func allow(_ performed: ArraySlice<Operation.Work>, isCutOff: Bool) -> Bool {
    self[...].allow(performed, isCutOff: isCutOff)
  }
}

extension ArraySlice<Operation> {
  fileprivate func allow(_ performed: ArraySlice<Operation.Work>, isCutOff: Bool) -> Bool {
    guard let work = performed.first else {
      return isCutOff || allSatisfy { $0.condition != nil || $0.isUntold }
    }
    guard let next = first else { return false }
    let isNext = next.isUntold || next.work == work
    let goesOn = next.isUntold ? self : dropFirst()
    if isNext, goesOn.allow(performed.dropFirst(), isCutOff: isCutOff) { return true }
    let mayBeLeftOut = next.condition != nil || next.isUntold
    return mayBeLeftOut && dropFirst().allow(performed, isCutOff: isCutOff)
  }
}

extension Operation.Work {
  /// For findings.
  public var spoken: String {
    switch self {
    case .command(let command, let host): "\(host.id)$ \(command.arguments)"
    case .statement(let statement, let copy): "\(copy.subject): \(statement.parts)"
    case .request(let request): "\(request.method) \(request.url)"
    case .file(let change, let path, let host): "\(host.id): \(change) \(path)"
    case .untold(let note): note
    }
  }
}

extension Operation {
  /// For findings.
  public var spoken: String { (condition.map { "if \($0): " } ?? "") + work.spoken }
  fileprivate var isUntold: Bool { if case .untold = work { true } else { false } }
}
