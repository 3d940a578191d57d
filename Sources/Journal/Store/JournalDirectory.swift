internal import Foundation

/// The directory that holds a journal's file, and the permissions of both.
struct JournalDirectory {
  /// Absolute, so that SQLite can't take it for a URI.
  let directory: String

  static let fileName = "journal.sqlite"

  init(_ directory: String) {
    self.directory = URL(fileURLWithPath: directory, isDirectory: true).standardizedFileURL.path
  }

  var path: String { directory + "/" + JournalDirectory.fileName }
  /// SQLite's write-ahead log.
  var walPath: String { path + "-wal" }

  var errors: SQLiteErrors { SQLiteErrors(path: path) }
  var fileExists: Bool { access(path, F_OK) == 0 }

  /// Throws `notFound` when there is no journal, and never creates anything.
  func requireFile() throws {
    guard access(path, F_OK) == 0 else {
      let code = errno
      if code == ENOENT || code == ENOTDIR {
        throw JournalError(
          code: .notFound, message: "there is no journal here",
          advice: "Check LIFEBOAT_HOME. A journal is created by the first rehearsal or execution.",
          path: path)
      }
      throw error(code, doing: "the journal can't be reached")
    }
  }

  /// Creates the directory and its parents, those that are missing, for their owner alone (0700).
  func create() throws {
    var missing: [String] = []
    var current = URL(fileURLWithPath: directory, isDirectory: true)
    while current.path != "/", access(current.path, F_OK) != 0, errno == ENOENT {
      missing.append(current.path)
      current.deleteLastPathComponent()
    }
    for path in missing.reversed() {
      guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
        throw error(errno, doing: "the directory \(path) can't be created")
      }
    }
  }

  /// Throws `readOnly` when this process can't write the journal. SQLite would fall back to
  /// reading, and say so only at the first append.
  func requireWritable() throws {
    for path in [directory, path] where access(path, W_OK) != 0 {
      throw error(errno, doing: "\(path) can't be written")
    }
  }

  var isWritable: Bool { access(directory, W_OK) == 0 }

  /// A directory that a group may write in is shared by several people, each with an account of
  /// their own: so is the journal in it, and what stands beside it.
  var isShared: Bool {
    var status = stat()
    return stat(directory, &status) == 0 && status.st_mode & 0o020 != 0
  }

  private var fileMode: mode_t { isShared ? 0o660 : 0o600 }

  /// Puts a complete new journal in place, made by `fill` in a file of another name (0600). A
  /// crash meanwhile leaves no journal, never half of one: so an empty journal file is damage.
  func createFile(_ fill: (_ temporaryPath: String) throws -> Void) throws {
    let temporary = "\(path).new-\(getpid())-\(UInt32.random(in: .min ... .max))"
    let descriptor = Foundation.open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw error(errno, doing: "the journal can't be created") }
    close(descriptor)
    defer { unlink(temporary) }
    try fill(temporary)
    guard chmod(temporary, fileMode) == 0 else {
      throw error(errno, doing: "the journal's permissions can't be set")
    }
    // When another process was faster, its journal is as good.
    guard link(temporary, path) == 0 || errno == EEXIST else {
      throw error(errno, doing: "the journal can't be put in place")
    }
    try synchroniseDirectory()
  }

  /// Makes the new file's name survive a power cut.
  private func synchroniseDirectory() throws {
    let descriptor = Foundation.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw error(errno, doing: "the directory can't be opened") }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw error(errno, doing: "the directory can't be synchronised")
    }
  }

  private func error(_ code: CInt, doing what: String) -> JournalError {
    let reason = "\(what): \(String(cString: strerror(code)))"
    return switch code {
    case EROFS, EACCES, EPERM: .readOnly(reason, path: path)
    case ENOSPC, EDQUOT: .diskFull(reason, path: path)
    default: .storageFailed(reason, path: path)
    }
  }
}

extension JournalError {
  static func readOnly(_ message: String, path: String) -> JournalError {
    JournalError(
      code: .readOnly, message: message,
      advice: "Give the user who runs Lifeboat the right to write there, or set LIFEBOAT_HOME to a "
        + "directory that can be written.",
      path: path)
  }

  static func diskFull(_ message: String, path: String) -> JournalError {
    JournalError(
      code: .diskFull, message: message,
      advice: "Free space on that file system, then resume the run: what was written is safe.",
      path: path)
  }

  static func storageFailed(_ message: String, path: String) -> JournalError {
    JournalError(
      code: .storageFailed, message: message,
      advice: "Look into the system's log (dmesg) for faults of the disk or file system.",
      path: path)
  }

  static func damaged(_ message: String, path: String) -> JournalError {
    JournalError(
      code: .damaged, message: message,
      advice: "Keep a copy of the journal's files as they are, then run: lifeboat audit verify",
      path: path)
  }
}
