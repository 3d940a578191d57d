import ArgumentParser
import Engine
import Journal
import Review
import Runbook

/// Shows why a command could not do what was asked, and ends it with the code for that.
struct ErrorView {
  let console: Console
  let format: OutputFormat

  /// What an error says: a stable code, what happened, what to do next.
  struct Message {
    let code: String
    let text: String
    let advice: String?
    let status: ExitStatus
  }

  /// Runs a command's body; errors are shown, and become exit codes.
  func guarding<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as EngineError {
      throw show(
        Message(code: error.code, text: error.message, advice: error.advice, status: .refused))
    } catch let error as JournalError {
      throw show(
        Message(
          code: error.code.rawValue, text: "\(error.message) (\(error.path))",
          advice: error.advice, status: ExitStatus(error)))
    } catch let error as ActionError {
      throw show(
        Message(code: error.code, text: error.message, advice: error.advice, status: .failed))
    } catch let error as JSONError {
      throw show(
        Message(
          code: "journal.unreadable_entry", text: error.description,
          advice: "run 'lifeboat audit verify'", status: .journal))
    } catch let error as InputError {
      throw show(
        Message(code: error.code, text: error.message, advice: error.advice, status: .invalid))
    } catch let diagnostics as Diagnostics {
      throw show(diagnostics)
    } catch is CancellationError {
      throw ExitCode(ExitStatus.interrupted.rawValue)
    } catch let error where !(error is ExitCode || error is CleanExit || error is ValidationError) {
      // Left to the argument parser it would be printed as it is, with whatever secret is in it.
      throw show(
        Message(
          code: "internal.unexpected", text: "\(error)",
          advice: "this is a defect: report it with the message", status: .failed))
    }
  }

  private func show(_ diagnostics: Diagnostics) -> ExitCode {
    switch format {
    case .text:
      console.writeError(diagnostics.description)
      let count = diagnostics.errorCount
      console.writeError("lifeboat: \(count) \(count == 1 ? "error" : "errors"); nothing was done")
    case .json:
      let list = diagnostics.all.map { diagnostic -> JSON in
        [
          "severity": .string(diagnostic.severity.rawValue),
          "code": .string(diagnostic.code.description), "message": .string(diagnostic.message),
          "hint": diagnostic.hint.map(JSON.string) ?? .null, "file": .string(diagnostic.file),
          "line": diagnostic.position.map { .integer(Int64($0.line)) } ?? .null,
          "column": diagnostic.position.map { .integer(Int64($0.column)) } ?? .null,
        ]
      }
      console.write(
        JSON(dictionaryLiteral: ("valid", false), ("diagnostics", .array(list))).description)
    }
    return ExitCode(ExitStatus.invalid.rawValue)
  }

  func show(_ message: Message) -> ExitCode {
    switch format {
    case .text:
      console.writeError("lifeboat: \(message.text) [\(message.code)]")
      if let advice = message.advice { console.writeError("  next: \(advice)") }
    case .json:
      let error: JSON = [
        "error": [
          "code": .string(message.code), "message": .string(message.text),
          "advice": message.advice.map(JSON.string) ?? .null,
          "exit_code": .integer(Int64(message.status.rawValue)),
        ]
      ]
      console.write(error.description)
    }
    return ExitCode(message.status.rawValue)
  }
}

/// What is wrong with a command's input, beyond what a runbook's diagnostics say.
struct InputError: Error {
  let code: String
  let message: String
  let advice: String?

  init(_ code: String, _ message: String, advice: String? = nil) {
    self.code = code
    self.message = message
    self.advice = advice
  }
}
