import Foundation
import GRDB
import Testing

@testable import Journal

/// A directory of its own for a test, removed with everything in it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory
      .appending(path: "journal-tests-\(getpid())-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
    path = url.path
  }

  deinit {
    do {
      try FileManager.default.removeItem(atPath: path)
    } catch {
      Issue.record("\(path) could not be removed: \(error)")
    }
  }

  /// A path inside that nothing has been made at.
  func path(_ name: String) -> String { path + "/" + name }
}

extension EntryDraft {
  /// An entry that needs no lease, with a body to tell it by.
  static func sample(_ number: Int, run: String? = "r-1") -> EntryDraft {
    EntryDraft(
      at: Timestamp(microsecondsSince1970: 1_795_000_000_000_000 + Int64(number)),
      kind: "sample.\(number % 3)", run: run, step: number.isMultiple(of: 2) ? "stop" : nil,
      body: ["number": .integer(Int64(number)), "text": "é \(number)"], needsLease: false)
  }
}

/// A journal's file, opened past the journal: the tamperer's hands.
struct RawDatabase {
  let queue: DatabaseQueue

  init(directory: String) throws {
    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    let path = JournalDirectory(directory).path
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  func execute(_ sql: String, _ arguments: StatementArguments = []) throws {
    try queue.write { try $0.execute(sql: sql, arguments: arguments) }
  }

  func bytes(ofEntry index: Int) throws -> Data {
    try queue.read { db in
      let sql = "SELECT bytes FROM entries WHERE idx = ?"
      return try #require(try Data.fetchOne(db, sql: sql, arguments: [index]))
    }
  }
}

/// The code of the `JournalError` that `body` throws; nil when it throws none.
func journalCode(_ body: () async throws -> Void) async -> JournalError.Code? {
  do {
    try await body()
    return nil
  } catch let error as JournalError {
    // Whoever reads it at 3 am needs all four.
    #expect(!error.message.isEmpty && !error.advice.isEmpty && !error.path.isEmpty)
    return error.code
  } catch {
    Issue.record("expected a JournalError, caught \(error)")
    return nil
  }
}
