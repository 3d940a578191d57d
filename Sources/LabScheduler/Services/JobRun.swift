import Foundation
import GRDB

/// The kinds of job that the lab's scheduler knows. They do small real work in the executor's
/// own process, so that a lab costs next to nothing.
enum JobKind: String, CaseIterable, DatabaseValueConvertible, Sendable {
  case countHistory = "count-history"
  case measureDisk = "measure-disk"
  case checkDatabase = "check-database"
  case pruneHistory = "prune-history"
}

/// The work of one run of a job.
struct JobRun {
  let guid: String
  let database: SchedulerDatabase
  let logDirectory: String

  /// A lab that is left running must not fill the disk.
  private static let runsKept = 2000

  /// Does the work and returns the text for the job's log.
  func perform(_ kind: JobKind) throws -> String {
    switch kind {
    case .countHistory: try countHistory()
    case .measureDisk: try measureDisk()
    case .checkDatabase: try checkDatabase()
    case .pruneHistory: try pruneHistory()
    }
  }

  private func countHistory() throws -> String {
    let count = try database.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM job_history") }
    return "runs in the history: \(count ?? 0)"
  }

  private func measureDisk() throws -> String {
    let values = try FileManager.default.attributesOfFileSystem(forPath: logDirectory)
    guard let free = values[.systemFreeSize] as? NSNumber else {
      throw LabError(.failed, "\(logDirectory): its file system tells no free space")
    }
    return "free bytes at \(logDirectory): \(free)"
  }

  private func checkDatabase() throws -> String {
    let finding = try database.read { try String.fetchOne($0, sql: "PRAGMA quick_check(1)") }
    guard finding == "ok" else {
      throw LabError(.failed, "\(database.path): quick_check: \(finding ?? "no answer")")
    }
    return "quick_check: ok"
  }

  private func pruneHistory() throws -> String {
    let files = try database.write { db -> [String] in
      guard try Standing.of(guid, db).isInControl else { return [] }
      let limit = "id <= (SELECT max(id) FROM job_history) - \(Self.runsKept)"
      let files = try String.fetchAll(db, sql: "SELECT log_path FROM job_history WHERE \(limit)")
      try db.execute(sql: "DELETE FROM job_history WHERE \(limit)")
      return files
    }
    for file in files { try File.remove(file) }
    return "old runs removed: \(files.count)"
  }
}
