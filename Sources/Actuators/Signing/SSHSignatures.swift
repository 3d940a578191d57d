public import Foundation
import Runbook

/// Signatures by people's SSH keys, made and verified by this machine's `ssh-keygen`: agents, hardware keys and certificates
/// work as people know them.
public struct SSHSignatures: Sendable {
  /// A key that has to be touched takes a person's time.
  private static let signingTimeout = Duration.seconds(60)
  private static let verifyingTimeout = Duration.seconds(10)

  private let here: any Transport
  private let namespace: String
  /// A private key's file, or a public one's whose private key an agent holds.
  private let key: String?

  public init(in world: ActuatorWorld, namespace: String, key: String?) {
    here = world.secrets.here
    self.namespace = namespace
    self.key = key
  }

  public var canSign: Bool { key != nil }

  /// An armored signature. Throws `ActionError`.
  public func sign(_ statement: Data) async throws -> String {
    let result = try await run(
      ["-q", "-Y", "sign", "-f", key ?? "", "-n", namespace], statement, Self.signingTimeout)
    guard result.exitCode == 0, !result.standardOutput.isEmpty else {
      throw ActionError(
        "gate.not_signed",
        "the answer could not be signed with \(key ?? "no key"): "
          + result.standardError.trimmingCharacters(in: .whitespacesAndNewlines),
        advice: "name a key by --signing-key that needs no passphrase, or that ssh-agent holds")
    }
    return result.standardOutput
  }

  /// Whose key made the signature, at the moment `time` (`YYYYMMDDHHMMSSZ`); nil when it doesn't hold.
  public func signer(
    of statement: Data, signature: String, allowedSigners: String, time: String
  ) async throws -> String? {
    guard FileManager.default.isReadableFile(atPath: allowedSigners) else {
      throw ActionError(
        "gate.signers", "the file of allowed signers can't be read: \(allowedSigners)",
        advice: "see people: { allowed_signers: … } in the inventory")
    }
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("lifeboat-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(
      atPath: directory, withIntermediateDirectories: false,
      attributes: [.posixPermissions: 0o700])
    let file = directory + "/signature"
    let result: Result<String?, any Error>
    do {
      try Data(signature.utf8).write(to: URL(fileURLWithPath: file))
      result = .success(
        try await signer(of: statement, in: file, allowedSigners: allowedSigners, time: time))
    } catch {
      result = .failure(error)
    }
    try FileManager.default.removeItem(atPath: directory)
    return try result.get()
  }

  private func signer(
    of statement: Data, in file: String, allowedSigners: String, time: String
  ) async throws -> String? {
    let options = ["-f", allowedSigners, "-s", file, "-Overify-time=\(time)"]
    let found = try await run(["-Y", "find-principals"] + options, nil, Self.verifyingTimeout)
    // One key may be known under several names: the first counts, so that it is one person's.
    let names = found.standardOutput.split { $0 == "\n" || $0 == "," }.map(String.init)
    guard found.exitCode == 0, let principal = names.first else { return nil }
    let verified = try await run(
      ["-q", "-Y", "verify", "-n", namespace, "-I", principal] + options, statement,
      Self.verifyingTimeout)
    return verified.exitCode == 0 ? principal : nil
  }

  private func run(
    _ arguments: [String], _ input: Data?, _ timeout: Duration
  ) async throws -> CommandResult {
    try await here.run(
      Invocation(
        arguments: ["ssh-keygen"] + arguments,
        standardInput: input.map { String(decoding: $0, as: UTF8.self) }, purpose: .looking,
        timeout: timeout))
  }
}
