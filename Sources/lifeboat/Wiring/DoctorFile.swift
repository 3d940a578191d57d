import Engine
import Foundation
import Journal
import Runbook

/// What `lifeboat doctor` collects.
struct DoctorReport: Encodable {
  let lifeboat: String
  let at: Timestamp
  let runbook: String
  let findings: [Doctor.Finding]

  /// As JSON, without secrets; and without the names that `pseudonyms` knows.
  func text(hiding pseudonyms: Pseudonyms?, _ redactor: Redactor) throws -> Data {
    // What comes from a server may hold a secret in numbers and in the names of columns, too.
    let safe = try JSON(encoding: self).redacted(by: { redactor.redacted($0) }, outside: true)
    return Data(
      "\((pseudonyms.map { safe.redacted(by: $0.hidden, outside: true) } ?? safe).description)\n"
        .utf8)
  }
}

/// The file that it is collected in.
struct DoctorFile {
  let path: String

  /// The owner alone: it says how everything is set up.
  private static let mode: mode_t = 0o600

  static func name(at time: Timestamp) -> String {
    "lifeboat-doctor-\(time.description.filter { $0.isNumber || $0 == "T" }.prefix(15)).json"
  }

  /// Better known before everything is asked than after it. Throws `InputError`.
  func requireNew() throws {
    let folder = (path as NSString).deletingLastPathComponent
    if FileManager.default.fileExists(atPath: path) {
      throw InputError(
        "doctor.exists", "\(path) is there already: it is not replaced", advice: "name another file"
      )
    }
    guard access(folder.isEmpty ? "." : folder, W_OK) == 0 else { throw unwritable("no right to") }
  }

  /// It is there whole, or not at all. Throws `InputError`.
  func write(_ text: Data) throws {
    do { try DurableFile(path: path).replace(with: text, mode: Self.mode) } catch let error
      as JournalError
    {
      throw unwritable(error.message)
    }
  }

  private func unwritable(_ why: String) -> InputError {
    InputError(
      "doctor.unwritable", "\(path) can't be written: \(why)",
      advice: "name a file in a directory that you may write to")
  }
}
