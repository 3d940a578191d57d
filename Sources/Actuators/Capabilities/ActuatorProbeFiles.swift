import Runbook

import struct Foundation.Data

/// Writes and removes probe files by commands on the host, so that what is proved is what the host sees.
struct ActuatorProbeFiles: ProbeFileWriter {
  let token: String
  let transports: Transports
  let timeout: Duration

  /// Creates the file; one that is there already is an error, so that no other file can be overwritten.
  func writeProbeFile(
    _ name: ProbeFileName, contents: String, in directory: String, on host: Host
  ) async throws {
    let path = try path(of: name, in: directory, on: host)
    guard !host.isWindows else {
      let contents = Data(contents.utf8).base64EncodedString()
      let command = Command(
        .createFile, ["path": .string(path), "contents": .string(contents)])
      return try await run(command.arguments, doing: "write \(path)", on: host)
    }
    let arguments = ["dd", "of=\(path)", "conv=excl,fsync", "status=none"]
    try await run(arguments, input: contents, doing: "write \(path)", on: host)
  }

  func removeProbeFile(_ name: ProbeFileName, in directory: String, on host: Host) async throws {
    let path = try path(of: name, in: directory, on: host)
    let arguments =
      host.isWindows
      ? Command(.deleteFile, ["path": .string(path)]).arguments : ["rm", "-f", "--", path]
    try await run(arguments, doing: "remove \(path)", on: host)
  }

  private func path(
    of name: ProbeFileName, in directory: String, on host: Host
  ) throws -> String {
    HostPath.joined(
      try HostPath.check(directory, on: host, step: token), "\(name)", on: host)
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
