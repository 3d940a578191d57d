import Engine
import Foundation
import Journal

/// The file that a rehearsal saves its plan in.
struct SavedPlanFile {
  let path: String

  /// The owner alone: it says how to get at everything, though never with a secret.
  private static let mode: mode_t = 0o600

  /// Better known before a rehearsal than after it. Throws `InputError`.
  func requireReplaceable() throws {
    var isDirectory: ObjCBool = false
    let folder = (path as NSString).deletingLastPathComponent
    let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
    guard !isDirectory.boolValue, access(folder.isEmpty ? "." : folder, W_OK) == 0 else {
      throw unwritable("it is a directory, or stands where nothing can be written")
    }
    if exists, (try? read()) == nil {
      throw InputError(
        "plan.exists", "\(path) is there already and is no saved plan: it is not replaced",
        advice: "name another file")
    }
  }

  /// It is there whole, or not at all. Throws `InputError`.
  func write(_ plan: SavedPlan) throws {
    do {
      try DurableFile(path: path).replace(with: try plan.text, mode: Self.mode)
    } catch let error as JournalError {
      throw unwritable(error.message)
    }
  }

  /// Throws `InputError` when it can't be read, `EngineError` when it isn't what was saved.
  func read() throws -> SavedPlan {
    let text: Data
    do { text = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw InputError(
        "plan.unreadable", "\(path) can't be read: \(error.localizedDescription)",
        advice: "name the file that 'lifeboat rehearse --out' wrote")
    }
    return try SavedPlan(parsing: text, path: path)
  }

  private func unwritable(_ why: String) -> InputError {
    InputError(
      "plan.unwritable", "\(path) can't be written: \(why)",
      advice: "name a file in a directory that you may write to")
  }
}
