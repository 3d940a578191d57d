import Foundation
import SystemPackage

/// One attempt to write a row.
struct LoadAttempt: Codable, Equatable, Sendable {
  let number: Int
  /// `host:port`; nil when no copy could be reached.
  let copy: String?
  let startedAt: Timestamp
  let endedAt: Timestamp
  /// On the clock that only moves forward: for measuring.
  let startedUptimeMs: Int64
  let endedUptimeMs: Int64
  let acknowledged: Bool
  /// Whether the row may be there although nobody said so.
  let inDoubt: Bool
  let error: String?
}

/// The file of attempts: one line of JSON each, only ever appended to.
struct LoadAccount {
  /// The highest number in the file; an earlier run's attempts count too.
  let lastNumber: Int
  private let file: FileDescriptor
  private let path: String

  init(file path: String) throws {
    let earlier = try File.readIfPresent(path) ?? Data()
    lastNumber = try Self.lastNumber(in: earlier, path)
    self.path = path
    do {
      file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .append, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw LabError(.failed, "\(path): cannot be opened: \(error)")
    }
  }

  func append(_ attempt: LoadAttempt) throws {
    do {
      _ = try file.writeAll(try JSON.encode(attempt) + Data("\n".utf8))
    } catch let error as Errno {
      throw LabError(.failed, "\(path): cannot be written: \(error)")
    }
  }

  private static func lastNumber(in data: Data, _ path: String) throws -> Int {
    guard let line = data.split(separator: UInt8(ascii: "\n")).last else { return 0 }
    guard data.last == UInt8(ascii: "\n"),
      let attempt = try? JSON.decode(LoadAttempt.self, from: Data(line))
    else { throw LabError(.invalidFile, "\(path): its last line is no attempt; use another file") }
    return attempt.number
  }
}
