import Actuators
import Engine
import Foundation
import Journal

/// The engine's need of signatures, met by `ssh-keygen`.
struct GateSigning: GateSignatures {
  private let ssh: SSHSignatures

  init(in world: ActuatorWorld, key: String? = nil) {
    ssh = SSHSignatures(in: world, namespace: SignatureRecord.namespace, key: key)
  }

  var canSign: Bool { ssh.canSign }

  func sign(_ statement: Data) async throws -> String { try await ssh.sign(statement) }

  func signer(
    of statement: Data, _ signature: SignatureRecord, allowedSigners: String
  ) async throws -> String? {
    // 2026-11-23T03:15:02.000123Z → 20261123031502Z
    let digits = signature.at.description.prefix(19).filter(\.isNumber)
    return try await ssh.signer(
      of: statement, signature: signature.armored, allowedSigners: allowedSigners,
      time: digits + "Z")
  }
}
