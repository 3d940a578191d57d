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
  let store: any SchedulerStore
  let logDirectory: String

  /// A lab that is left running must not fill the disk.
  private static let runsKept = 2000

  /// Does the work and returns the text for the job's log.
  func perform(_ kind: JobKind) throws -> String {
    switch kind {
    case .countHistory: try countHistory()
    case .measureDisk: try measureDisk()
    case .checkDatabase: try store.check()
    case .pruneHistory: try pruneHistory()
    }
  }

  private func countHistory() throws -> String {
    let count = try store.read { try $0.integer("SELECT count(*) FROM job_history") }
    return "runs in the history: \(count ?? 0)"
  }

  private func measureDisk() throws -> String {
    let values = try FileManager.default.attributesOfFileSystem(forPath: logDirectory)
    guard let free = values[.systemFreeSize] as? NSNumber else {
      throw LabError(.failed, "\(logDirectory): its file system tells no free space")
    }
    return "free bytes at \(logDirectory): \(free)"
  }

  private func pruneHistory() throws -> String {
    let guid = guid
    let files = try store.write { transaction -> [String] in
      guard try Standing.of(guid, transaction).isInControl,
        let last = try transaction.integer("SELECT max(id) FROM job_history")
      else { return [] }
      let limit = StoreValue.integer(last - Self.runsKept)
      let files = try transaction.query("SELECT log_path FROM job_history WHERE id <= ?", [limit])
      try transaction.execute("DELETE FROM job_history WHERE id <= ?", [limit])
      return try files.map { try $0.text("log_path") }
    }
    for file in files { try File.remove(file) }
    return "old runs removed: \(files.count)"
  }
}
