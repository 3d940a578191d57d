import Foundation
public import Runbook

/// Fetches secrets from where their references point, and has them blotted out from then on. What it throws names the
/// reference, never the secret.
public struct SecretResolver: Sendable {
  private static let limitBytes = 65_536
  private static let commandTimeout = Duration.seconds(10)

  /// Where commands run: this machine.
  let here: any Transport
  let redactor: Redactor
  let environment: @Sendable (String) -> String?

  init(here: any Transport, redactor: Redactor) {
    self.here = here
    self.redactor = redactor
    environment = { ProcessInfo.processInfo.environment[$0] }
  }

  public func resolve(_ reference: SecretReference) async throws -> Secret {
    let text =
      switch reference.origin {
      case .environment(let name): try variable(name, of: reference)
      case .file(let path): try contents(of: path, of: reference)
      case .command(let arguments): try await output(of: arguments, of: reference)
      }
    let secret = text.hasSuffix("\n") ? String(text.dropLast()) : text
    guard !secret.isEmpty else { throw unavailable(reference, "it is empty") }
    redactor.learn(Secret(secret), of: reference)
    return Secret(secret)
  }

  private func variable(_ name: String, of reference: SecretReference) throws -> String {
    guard let value = environment(name) else {
      throw unavailable(reference, "the environment has no such variable")
    }
    return value
  }

  private func contents(of path: String, of reference: SecretReference) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw unavailable(reference, "the file can't be opened")
    }
    do {
      let data = try file.read(upToCount: Self.limitBytes) ?? Data()
      try file.close()
      return String(decoding: data, as: UTF8.self)
    } catch {
      throw unavailable(reference, "the file can't be read")
    }
  }

  private func output(of arguments: [String], of reference: SecretReference) async throws
    -> String
  {
    let result: CommandResult
    do {
      result = try await here.run(
        Invocation(arguments: arguments, purpose: .looking, timeout: Self.commandTimeout))
    } catch let error as ActionError {
      throw unavailable(reference, error.message)
    }
    // Its output is not repeated: it may be the secret after all.
    guard result.exitCode == 0 else {
      throw unavailable(reference, "the program exited with \(result.exitCode)")
    }
    return result.standardOutput
  }

  private func unavailable(_ reference: SecretReference, _ why: String) -> ActionError {
    ActionError(
      "secret.unavailable", "the secret '\(reference)' can't be had: \(why)",
      advice: "see that it is there for the account that runs Lifeboat")
  }
}
