import Runbook

/// Absolute paths alone, as the host writes them: what a relative one means depends on where a command happens to run.
enum HostPath {
  static func check(_ path: String, on host: Host, step: String) throws -> String {
    guard host.isWindows else {
      guard path.hasPrefix("/"), !path.utf8.contains(0) else {
        throw ActionError(
          "path.relative",
          "step \(step): '\(path)' is neither a path of the inventory nor an absolute one",
          advice: "begin it with /")
      }
      return path
    }
    guard let path = windows(path) else {
      throw ActionError(
        "path.not_windows",
        "step \(step): '\(path)' is neither a path of the inventory nor an absolute one of a Windows host",
        advice:
          #"write it as C:\logs, or as \\server\share\logs, without what Windows would read otherwise"#
      )
    }
    return path
  }

  static func joined(_ directory: String, _ name: String, on host: Host) -> String {
    let separator = host.isWindows ? "\\" : "/"
    return directory.hasSuffix(separator) ? directory + name : directory + separator + name
  }

  /// With backslashes alone; nil when Windows would take it for another one than is written: `..`, a device, a stream, or
  /// a name whose end it would drop.
  private static func windows(_ text: String) -> String? {
    var path = text.replacing("/", with: "\\")
    guard let root = path.prefixMatch(of: /[A-Za-z]:\\|\\\\[^\\]+\\[^\\]+/) else { return nil }
    while path.hasSuffix("\\"), path.count > root.0.count { path.removeLast() }
    let rest = path[root.range.upperBound...]
    let names = (root.0.hasPrefix("\\\\") ? root.0.dropFirst(2) + rest : rest)
      .split(separator: "\\", omittingEmptySubsequences: false)
    let isRoot = path.count == root.0.count && root.0.hasSuffix(":\\")
    // After a share comes a backslash.
    guard rest.isEmpty || root.0.hasSuffix("\\") || rest.hasPrefix("\\") else { return nil }
    return isRoot || names.allSatisfy(isName) ? path : nil
  }

  private static func isName(_ name: Substring) -> Bool {
    guard let last = name.last, last != ".", last != " ",
      name.unicodeScalars.allSatisfy({
        $0.value >= 0x20 && !#"<>:"|?*"#.unicodeScalars.contains($0)
      })
    else { return false }
    return name.wholeMatch(of: /(con|prn|aux|nul|(com|lpt)[0-9¹²³])([. ].*)?/.ignoresCase()) == nil
  }
}
