import Foundation
import Glibc
import SystemPackage

/// Files, with errors that name the file.
enum File {
  static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// The whole file.
  static func read(_ path: String) throws -> Data {
    guard let data = try readIfPresent(path) else {
      throw LabError(.failed, "\(path): cannot be read: \(Errno.noSuchFileOrDirectory)")
    }
    return data
  }

  /// The whole file, or nil when there is none: as opening it finds, since it may come a moment later.
  static func readIfPresent(_ path: String) throws -> Data? {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      return try file.closeAfter { try readToEnd(file) }
    } catch Errno.noSuchFileOrDirectory, Errno.notDirectory {
      return nil
    } catch let error as Errno {
      throw LabError(.failed, "\(path): cannot be read: \(error)")
    }
  }

  private static func readToEnd(_ file: FileDescriptor) throws -> Data {
    var data = Data()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 1)
    defer { buffer.deallocate() }
    while true {
      let count = try file.read(into: buffer)
      if count == 0 { return data }
      data.append(contentsOf: buffer[..<count])
    }
  }

  /// Replaces the file so that a reader, and a machine that loses its power, sees either the old
  /// content or the new one.
  static func replace(_ path: String, with data: Data) throws {
    let temporary = temporaryName(for: path)
    do {
      let file = try FileDescriptor.open(
        FilePath(temporary), .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      try file.closeAfter {
        _ = try file.writeAll(data)
        try synchronize(file, temporary)
      }
    } catch let error as Errno {
      throw LabError(.failed, "\(temporary): cannot be written: \(error)")
    }
    try rename(temporary, to: path)
  }

  /// Puts a finished file in its place, durably.
  static func rename(_ source: String, to target: String) throws {
    guard Glibc.rename(source, target) == 0 else {
      throw LabError.systemCall("rename to \(target)", on: source)
    }
    try synchronize(path: (target as NSString).deletingLastPathComponent)
  }

  /// Makes a file's or directory's content durable.
  static func synchronize(path: String) throws {
    do {
      let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
      try file.closeAfter { try synchronize(file, path) }
    } catch let error as Errno {
      throw LabError(.failed, "\(path): cannot be opened: \(error)")
    }
  }

  private static func synchronize(_ file: FileDescriptor, _ path: String) throws {
    guard fsync(file.rawValue) == 0 else { throw LabError.systemCall("fsync", on: path) }
  }

  static let temporaryMark = ".tmp-"

  /// A name beside `path` for a file that is not finished; unique to this process.
  static func temporaryName(for path: String) -> String {
    "\(path)\(temporaryMark)\(getpid())"
  }

  static func createDirectory(_ path: String) throws {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw LabError(.failed, "\(path): cannot be created: \(error.localizedDescription)")
    }
  }

  /// Removes a file or an empty directory; none there is fine.
  static func remove(_ path: String) throws {
    guard Glibc.remove(path) == 0 || errno == ENOENT else {
      throw LabError.systemCall("remove", on: path)
    }
  }

  /// The names in a directory, sorted; none when the directory is missing.
  static func names(in directory: String) throws -> [String] {
    guard exists(directory) else { return [] }
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    } catch {
      throw LabError(.failed, "\(directory): cannot be listed: \(error.localizedDescription)")
    }
  }

  /// Removes what a process that was killed left unfinished in `directory`.
  static func removeUnfinished(in directory: String) throws {
    for name in try names(in: directory) where name.contains(temporaryMark) {
      try remove("\(directory)/\(name)")
    }
  }
}

/// A lock that a process holds until it ends, however it ends.
struct FileLock {
  private let file: FileDescriptor

  /// Takes the lock at `path`, or returns nil when another process holds it.
  init?(path: String) throws {
    do {
      file = try FileDescriptor.open(
        FilePath(path), .readWrite, options: [.create, .closeOnExec],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
    } catch {
      throw LabError(.failed, "\(path): cannot be opened: \(error)")
    }
    guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
      try file.close()
      return nil
    }
  }
}
