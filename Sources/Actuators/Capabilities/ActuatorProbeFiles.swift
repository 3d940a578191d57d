import Runbook

/// Writes and removes probe files by commands on the host, so that what is proved is what the host sees.
struct ActuatorProbeFiles: ProbeFileWriter {
  let token: String
  let transports: Transports
  let timeout: Duration

  /// Creates the file; one that is there already is an error, so that no other file can be overwritten.
  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    let path = try Self.path(of: name, in: directory)
    let arguments = ["dd", "of=\(path)", "conv=excl,fsync", "status=none"]
    try await run(arguments, input: contents, doing: "write \(path)", on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    let path = try Self.path(of: name, in: directory)
    try await run(["rm", "-f", "--", path], doing: "remove \(path)", on: host)
  }

  private static func path(of name: ProbeFileName, in directory: String) throws -> String {
    guard directory.hasPrefix("/") else {
      throw ActionError(
        "path.relative", "'\(directory)' is not an absolute path", advice: "begin it with /")
    }
    return directory.hasSuffix("/") ? "\(directory)\(name)" : "\(directory)/\(name)"
  }

  private func run(
    _ arguments: [String], input: String? = nil, doing what: String, on host: Host
  ) async throws {
    let result = try await transports.transport(for: host).run(
      Invocation(
        arguments: arguments, standardInput: input, purpose: .acting, timeout: timeout))
    guard result.exitCode == 0 else {
      throw ActionError(
        "probe_file.failed", "\(host.id) can't \(what): \(result.standardError)",
        advice: "see the directory's permissions and free space")
    }
  }
}
