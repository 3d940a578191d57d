public import Foundation

/// A person's signature on an answer to a gate.
public struct SignatureRecord: Sendable, Hashable, Codable {
  /// The namespace of OpenSSH's signatures that ours are made in: one made for something else doesn't hold.
  public static let namespace = "lifeboat-gate@v1"

  /// When it was signed.
  public let at: Timestamp
  /// Whose key it was by the file of allowed signers when it was given; absent when that didn't know the key.
  public let principal: String?
  /// As `ssh-keygen -Y sign` wrote it.
  public let armored: String

  public init(at: Timestamp, principal: String?, armored: String) {
    self.at = at
    self.principal = principal
    self.armored = armored
  }
}

extension GateAnswered {
  /// What is signed: this answer without its signature, the run and the step that it is for, and when. Canonical JSON.
  public func statement(run: String, step: String, at moment: Timestamp) throws(JSONError) -> Data {
    var unsigned = self
    unsigned.signature = nil
    let statement: JSON = [
      "at": .string(moment.description), "body": try JSON(encoding: unsigned),
      "run": .string(run), "step": .string(step),
    ]
    return try statement.canonical
  }
}
