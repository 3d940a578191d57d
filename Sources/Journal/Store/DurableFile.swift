public import Foundation

/// Small files that are there whole, or not at all, and survive a power cut. All methods throw `JournalError`.
public struct DurableFile {
  let path: String

  public init(path: String) { self.path = path }

  /// Of a bare name, the one that the process is in.
  private var directory: String {
    let folder = (path as NSString).deletingLastPathComponent
    return folder.isEmpty ? "." : folder
  }

  /// Puts the file in place, unless there is one already: false then.
  func create(_ contents: Data, mode: mode_t) throws -> Bool {
    let temporary = try writeBeside(contents, mode: mode)
    defer { unlink(temporary) }
    guard link(temporary, path) == 0 else {
      if errno == EEXIST { return false }
      throw failure("can't be put in place")
    }
    try synchroniseDirectory()
    return true
  }

  /// Puts the file in place of the one that may be there.
  public func replace(with contents: Data, mode: mode_t) throws {
    let temporary = try writeBeside(contents, mode: mode)
    do { try Self(path: temporary).move(to: path) } catch {
      unlink(temporary)
      throw error
    }
  }

  /// Gives the file another name, in the same directory, in place of the file that may have it.
  func move(to other: String) throws {
    guard rename(path, other) == 0 else { throw failure("can't be moved to \(other)") }
    try synchroniseDirectory()
  }

  func remove() throws {
    guard unlink(path) == 0 || errno == ENOENT else { throw failure("can't be removed") }
    try synchroniseDirectory()
  }

  /// Nil when there is none.
  func read() throws -> Data? {
    guard access(path, F_OK) == 0 || errno != ENOENT else { return nil }
    do { return try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
      throw JournalError.storageFailed("\(path) can't be read", path: path)
    }
  }

  /// Makes a directory, unless it is there. The process's mask doesn't count: a group that shares the state keeps its right.
  static func makeDirectory(_ path: String, mode: mode_t) throws {
    let isNew = mkdir(path, mode) == 0
    if isNew, chmod(path, mode) == 0 { return }
    guard !isNew, errno == EEXIST else { throw DurableFile(path: path).failure("can't be made") }
  }

  private func writeBeside(_ contents: Data, mode: mode_t) throws -> String {
    let temporary = "\(path).new-\(getpid())-\(UInt32.random(in: .min ... .max))"
    let descriptor = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw failure("can't be created") }
    let isWritten = contents.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = write(
          descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        guard count > 0 else { return false }
        rest = rest.dropFirst(count)
      }
      return fsync(descriptor) == 0
    }
    let problem = errno
    close(descriptor)
    guard isWritten else {
      unlink(temporary)
      errno = problem
      throw failure("can't be written")
    }
    return temporary
  }

  /// Makes a new name survive a power cut.
  private func synchroniseDirectory() throws {
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure("its directory can't be opened") }
    defer { close(descriptor) }
    // Some network file systems know no fsync of directories: EINVAL.
    guard fsync(descriptor) == 0 || errno == EINVAL else {
      throw failure("its directory can't be synchronised")
    }
  }

  private func failure(_ what: String) -> JournalError {
    let code = errno
    let reason = "\(path) \(what): \(String(cString: strerror(code)))"
    return switch code {
    case EROFS, EACCES, EPERM: .readOnly(reason, path: path)
    case ENOSPC, EDQUOT: .diskFull(reason, path: path)
    default: .storageFailed(reason, path: path)
    }
  }
}
