import Foundation
import Runbook

/// Closes a primary by backing up the tail of its log WITH NORECOVERY: it then stays RESTORING, also after a restart, and has
/// no change that isn't in that backup.
struct ShippingTail: Sendable {
  let instance: ShippingInstance

  private var statements: ShippingStatement { instance.statements }
  private var time: any TimeSource { instance.operator.observer.time }

  /// The state with the tail taken, now or before.
  /// - Parameter isForJobs: its file has a name that the copy and the restore job take for one of theirs. They would stop at a tail
  ///   that isn't restored after all.
  func take(isForJobs: Bool) async throws -> ShippingState {
    let state = try await instance.look()
    if state.tail != nil { return state }
    let directory = try state.places.directory
    try await instance.disable([state.sending?.job])
    let (database, now) = (instance.copy.failoverTable.database, try await instance.look())
    let path =
      isForJobs
      ? Self.path(in: directory, of: database, after: now)
      : Self.joined(directory, "\(database)_lifeboat_tail_\(Self.stamp(now.now)).bak")
    do {
      try await back(up: path, state)
    } catch {
      // Also when the task was cancelled: whoever works there goes on.
      try await Task { try await letIn(state) }.value
      throw error
    }
    return try await instance.look()
  }

  /// Somebody may get in between both statements.
  private func back(up path: String, _ state: ShippingState) async throws {
    let (statements, isOnline) = (statements, state.database.isOnline)
    let deadline = time.uptime() + instance.timeout
    while true {
      do {
        return try await instance.operator.session(instance.copy) { writer in
          if isOnline { try writer.execute(statements.takeAlone) }
          try writer.execute(statements.takeTail(into: path, ofDamaged: !isOnline))
        }
      } catch let error as ActionError where error.code == SQLServerErrors.databaseInUse {
        guard time.uptime() < deadline else { throw error }
        try await time.sleep(for: .milliseconds(100))
      }
    }
  }

  /// A backup that was taken after all needs none of it.
  private func letIn(_ before: ShippingState) async throws {
    let state = try await instance.look()
    guard state.tail == nil, state.database.isOnline else { return }
    if !before.isSingleUser { try await instance.send(statements.letIn) }
    if before.sending?.job?.isEnabled == true { try await instance.enable([state.sending?.job]) }
  }

  // MARK: - Names

  /// As the backup job names its files, by UTC, so that the copy job takes it along; later than the last one.
  static func path(in directory: String, of database: String, after state: ShippingState) -> String
  {
    let last = state.sending?.lastFile ?? ""
    var moment = state.now
    while true {
      let path = joined(directory, "\(database)_\(stamp(moment)).trn")
      if name(of: path) > name(of: last) || !name(of: last).hasPrefix("\(database)_") {
        return path
      }
      moment.addTimeInterval(1)
    }
  }

  static func stamp(_ moment: Date) -> String {
    let digits = Timestamp.text(moment).prefix(19).filter(\.isNumber)
    return String(digits)
  }

  static func name(of path: String) -> String {
    String(path.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last ?? "")
  }

  static func joined(_ directory: String, _ name: String) -> String {
    let separator = directory.contains("\\") ? "\\" : "/"
    return directory.hasSuffix(separator) ? directory + name : directory + separator + name
  }
}
