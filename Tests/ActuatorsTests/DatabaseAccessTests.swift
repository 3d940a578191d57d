import Engine
import Foundation
import GRDB
import Runbook
import TestSupport
import Testing

@testable import Actuators

@Suite struct DatabaseAccessTests {
  private func withDatabase(_ body: (TestDatabase) async throws -> Void) async throws {
    try await withDirectory { try await body(try TestDatabase(in: $0)) }
  }

  private func names(_ copy: DatabaseCopy) async throws -> [Value?] {
    try await world.makeObserver().read(copy) { reader in
      try reader.query("SELECT name FROM jobs ORDER BY id").map { $0["name"] }
    }
  }

  private func change<Result: Sendable>(
    _ copy: DatabaseCopy, _ body: @escaping @Sendable (any SQLWriter) throws -> Result
  ) async throws -> Result {
    try await world.makeOperator(token: "t").transaction(copy, body)
  }

  private func code(_ body: () async throws -> Void) async -> String? {
    await #expect(throws: ActionError.self) { try await body() }?.code
  }

  // MARK: - Where the file is

  @Test(
    "another file under the same path, as another host may have it, is never taken for its database"
  )
  func anotherHostsFile() async throws {
    try await withDatabase { database in
      let elsewhere = try host(in: database.directory) { path in
        try FileManager.default.copyItem(atPath: database.file("dr"), toPath: path)
      }
      let copy = try database.copy("dr", servedBy: elsewhere)
      let before = try DirectorySnapshot(of: database.directory)
      #expect(await code { _ = try await names(copy) } == "database.not_here")
      #expect(
        await code { _ = try await change(copy) { try $0.execute("DELETE FROM jobs") } }
          == "database.not_here")
      #expect(try DirectorySnapshot(of: database.directory) == before)
    }
  }

  @Test("the same file, entered by a program, is")
  func theSameFileThroughAProgram() async throws {
    try await withDatabase { database in
      let elsewhere = try host(in: database.directory) { path in
        try FileManager.default.linkItem(atPath: database.file("dr"), toPath: path)
      }
      let copy = try database.copy("dr", servedBy: elsewhere)
      #expect(try await names(copy) == names(database.copy("dr")))
    }
  }

  /// A host that has another file where this machine has the copy of `dr`: a program that puts one path for the other.
  private func host(in directory: String, make: (String) throws -> Void) throws -> Host {
    let (program, other) = ("\(directory)/elsewhere", "\(directory)/elsewhere.sqlite")
    try make(other)
    try """
    #!/bin/sh
    shift
    for argument; do
      shift
      [ "$argument" = "\(directory)/dr.sqlite" ] && argument="\(other)"
      set -- "$@" "$argument"
    done
    exec "$@"
    """.write(toFile: program, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
    return Host(site: "dr", name: "scheduler", connection: .exec(through: [program, "--"]))
  }

  // MARK: - Reading

  @Test("reading leaves every byte and every file as it was")
  func readingWritesNothing() async throws {
    try await withDatabase { database in
      let before = try DirectorySnapshot(of: database.directory)
      #expect(try await names(database.copy("production")) == ["nightly"])
      #expect(try DirectorySnapshot(of: database.directory) == before)
    }
  }

  @Test("every type of column comes as a value")
  func values() async throws {
    try await withDatabase { database in
      let rows = try await world.makeObserver().read(database.copy("production")) {
        try $0.query("SELECT *, NULL AS no_value, 7 AS seven FROM Failover")
      }
      #expect(rows.count == 1)
      #expect(rows[0]["weight"] == "1.5")
      #expect(rows[0]["note"] == "x'00ff'")
      #expect(rows[0]["no_value"] == .null)
      #expect(rows[0]["seven"] == 7)
      #expect(
        rows[0].columns.map(\.name)
          == ["guid", "host", "acquired_at", "weight", "note", "no_value", "seven"])
    }
  }

  @Test("what writes is refused in a reading transaction, in whatever words")
  func readingRefusesWriting() async throws {
    try await withDatabase { database in
      let before = try DirectorySnapshot(of: database.directory)
      let copy = try database.copy("production")
      for sql in [
        "DELETE FROM jobs", "WITH x AS (SELECT 1) INSERT INTO jobs VALUES (2, 'x')",
        "-- SELECT\nDELETE FROM jobs", "/* SELECT */ DROP TABLE jobs", "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = WAL", "ATTACH '\(database.directory)/new.sqlite' AS new", "BEGIN",
        "COMMIT", "VACUUM", "SELECT 1; DELETE FROM jobs", "", "/*",
      ] {
        await #expect(throws: ActionError.self, "\(sql)") {
          try await world.makeObserver().read(copy) {
            _ = try $0.query(SQLStatement(verbatim: sql, in: copy))
          }
        }
      }
      #expect(try DirectorySnapshot(of: database.directory) == before)
    }
  }

  @Test("a missing, a corrupt, an empty and a foreign file are told apart from each other")
  func brokenFiles() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      let file = database.file("production")
      var content = try Data(contentsOf: URL(fileURLWithPath: file))
      content.replaceSubrange(100..<content.count, with: Data(count: content.count - 100))
      try content.write(to: URL(fileURLWithPath: file))
      #expect(await code { _ = try await names(copy) } == "database.corrupt")
      for text in ["", "no database, but long enough to be one"] {
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        #expect(await code { _ = try await names(copy) } == "database.corrupt")
        #expect(await code { try await change(copy) { _ in } } == "database.corrupt")
      }
      try FileManager.default.removeItem(atPath: file)
      #expect(await code { _ = try await names(copy) } == "database.missing")
      #expect(await code { try await change(copy) { _ in } } == "database.missing")
      #expect(!FileManager.default.fileExists(atPath: file))
    }
  }

  @Test("a database in WAL mode is refused before reading it would make files")
  func writeAheadLog() async throws {
    try await withDatabase { database in
      try database.execute("production", "PRAGMA journal_mode = WAL")
      let before = try DirectorySnapshot(of: database.directory)
      let copy = try database.copy("production")
      #expect(await code { _ = try await names(copy) } == "database.wal")
      #expect(try DirectorySnapshot(of: database.directory) == before)
    }
  }

  @Test("a transaction that a power cut has left half done is told, and not touched")
  func hotJournal() async throws {
    try await withDatabase { database in
      let file = database.file("production")
      // The journal of a transaction that never ended: copied while one is under way.
      let queue = try database.queue("production")
      try await queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
        try db.inTransaction(.exclusive) {
          try db.execute(
            sql: """
              WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
              INSERT INTO jobs SELECT i, 'job number ' || i FROM n
              """)
          try FileManager.default.copyItem(atPath: "\(file)-journal", toPath: "\(file).kept")
          return .rollback
        }
      }
      try queue.close()
      try FileManager.default.moveItem(atPath: "\(file).kept", toPath: "\(file)-journal")
      let before = try DirectorySnapshot(of: database.directory)
      let copy = try database.copy("production")
      #expect(await code { _ = try await names(copy) } == "database.hot_journal")
      #expect(try DirectorySnapshot(of: database.directory) == before)
    }
  }

  @Test("a database that somebody keeps locked is busy")
  func busy() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      var configuration = GRDB.Configuration()
      configuration.allowsUnsafeTransactions = true
      let queue = try DatabaseQueue(
        path: database.file("production"), configuration: configuration)
      try await queue.writeWithoutTransaction { try $0.execute(sql: "BEGIN EXCLUSIVE") }
      #expect(await code { _ = try await names(copy) } == "database.busy")
      try await queue.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
      #expect(try await names(copy) == ["nightly"])
    }
  }

  @Test("a dead host's database can't be read, though its disk is here")
  func deadHost() async throws {
    try await withDatabase { database in
      let copy = try database.copy(
        "production", servedBy: try .down("production", in: database.directory))
      let error = await #expect(throws: ActionError.self) { _ = try await names(copy) }
      #expect(error?.kind == .unreachable)
      let writing = await #expect(throws: ActionError.self) {
        try await change(copy) { try $0.execute("DELETE FROM jobs") }
      }
      #expect(writing?.kind == .unreachable)
      #expect(try database.strings("production", "SELECT name FROM jobs") == ["nightly"])
    }
  }

  // MARK: - Writing

  @Test(
    "values are bound and names are quoted, whatever is in them",
    arguments: TransportTests.hostileTexts)
  func hostileValues(text: String) async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      try await change(copy) { writer in
        try writer.execute("INSERT INTO jobs (name) VALUES (\(text))")
        if !text.isEmpty {
          try writer.execute("CREATE TABLE \(identifier: text) (\(identifier: text) TEXT)")
          try writer.execute("INSERT INTO \(identifier: text) VALUES (\(text))")
        }
      }
      #expect(try database.strings("production", "SELECT name FROM jobs WHERE id > 1") == [text])
      if !text.isEmpty {
        let rows = try await world.makeObserver().read(copy) {
          try $0.query("SELECT * FROM \(identifier: text)")
        }
        #expect(rows == [SQLRow([(name: text, value: .string(text))])])
      }
    }
  }

  @Test("a transaction that throws changes nothing")
  func rollback() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      await #expect(throws: CancellationError.self) {
        try await change(copy) { writer in
          #expect(try writer.execute("DELETE FROM jobs") == 1)
          throw CancellationError()
        }
      }
      #expect(try await names(copy) == ["nightly"])
    }
  }

  @Test("a statement can't end the transaction, nor be two")
  func transactionControl() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      for sql in [
        "COMMIT", "ROLLBACK", "END", "SAVEPOINT a", "DELETE FROM jobs; COMMIT",
        "PRAGMA synchronous = OFF", "ATTACH '\(database.directory)/x' AS x", "VACUUM",
      ] {
        await #expect(throws: ActionError.self, "\(sql)") {
          try await change(copy) { try $0.execute(SQLStatement(verbatim: sql, in: copy)) }
        }
      }
      #expect(try await names(copy) == ["nightly"])
    }
  }

  @Test("a refusal of the database itself is its own error")
  func constraint() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      let error = await #expect(throws: ActionError.self) {
        try await change(copy) { try $0.execute("INSERT INTO jobs (name) VALUES ('nightly')") }
      }
      #expect(error?.code == "database.refused")
    }
  }

  @Test("a change never goes into a file that replication has replaced")
  func replacedFile() async throws {
    try await withDatabase { database in
      let copy = try database.copy("production")
      let file = database.file("production")
      try FileManager.default.copyItem(atPath: file, toPath: "\(file).new")
      let replacements = Counter()
      // While the first attempts hold the old file another one takes its place.
      try await change(copy) { writer in
        if replacements.count < 2 {
          replacements.add()
          try FileManager.default.removeItem(atPath: file)
          try FileManager.default.copyItem(atPath: "\(file).new", toPath: file)
        }
        try writer.execute("INSERT INTO jobs (name) VALUES ('written')")
      }
      #expect(replacements.count == 2)
      #expect(
        try database.strings("production", "SELECT name FROM jobs ORDER BY id")
          == ["nightly", "written"])
    }
  }
}
