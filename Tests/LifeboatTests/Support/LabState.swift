import Foundation

/// All of a lab as it is on disk and in the process table: every file's bytes, mode and time of change, and every process
/// that belongs to it with its start time.
struct LabState: Equatable {
  struct File: Equatable {
    let bytes: Data
    let mode: Int
    let changed: Date
  }

  var files: [String: File] = [:]
  /// Command line by `pid@start`.
  var processes: [String: String] = [:]

  init(_ lab: TestLab) throws {
    let manager = FileManager.default
    for path in manager.enumerator(atPath: lab.lab)?.allObjects as? [String] ?? [] {
      let full = lab.lab + "/" + path
      let attributes = try manager.attributesOfItem(atPath: full)
      let isFile = attributes[.type] as? FileAttributeType == .typeRegular
      files[path] = File(
        bytes: isFile ? try Data(contentsOf: URL(fileURLWithPath: full)) : Data(),
        mode: attributes[.posixPermissions] as? Int ?? 0,
        changed: attributes[.modificationDate] as? Date ?? .distantPast)
    }
    processes = try Self.processes(of: lab.lab)
  }

  /// Those whose command line names the directory.
  static func processes(of directory: String) throws -> [String: String] {
    let manager = FileManager.default
    var processes: [String: String] = [:]
    for pid in try manager.contentsOfDirectory(atPath: "/proc") where Int(pid) != nil {
      // A process that ends meanwhile is no longer there to be read.
      guard let command = manager.contents(atPath: "/proc/\(pid)/cmdline"),
        let stat = manager.contents(atPath: "/proc/\(pid)/stat")
      else { continue }
      let text = String(decoding: command, as: UTF8.self)
      guard text.contains(directory) else { continue }
      let fields = String(decoding: stat, as: UTF8.self).split(separator: ")").last?
        .split(separator: " ")
      processes["\(pid)@\(fields?[19] ?? "")"] = text
    }
    return processes
  }

  /// The paths and processes in which two states differ.
  func differences(from other: LabState) -> [String] {
    let paths = Set(files.keys).union(other.files.keys).filter { files[$0] != other.files[$0] }
    let pids = Set(processes.keys).symmetricDifference(other.processes.keys)
    return paths.union(pids).sorted()
  }
}
