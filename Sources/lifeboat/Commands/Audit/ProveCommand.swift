import ArgumentParser
import Foundation
import Journal
import Review

extension AuditCommand {
  struct Prove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "prove",
      abstract: "Prove that an entry is in the journal (RFC 9162), for whoever doesn't have it.",
      discussion: """
        The proof holds the entry, a path of hashes, and the signed checkpoint that they lead to. With --output json it \
        is what 'lifeboat audit check-proof' reads.
        """)

    @Argument(help: "The entry's place in the journal, from 0.")
    var entry: Int

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let document = try await reading.journal.document(
          provingEntry: entry, checkpoints: try await reading.checkpoints())
        switch output.output {
        case .json: console.write(try JSON(encoding: document).description)
        case .text: console.write(lines(document))
        }
      }
    }

    private func lines(_ document: InclusionDocument) -> [Line] {
      [
        Line("Entry \(document.index) is one of the journal's first \(document.size).", .good),
        Line("entry  \(document.entry)"),
        Line("root   \(document.root)"),
        Line("path, from the entry up:"),
      ] + document.path.map { Line("  \($0)") } + signature(document.checkpoint)
        + [Line("to hand it on: lifeboat audit prove \(document.index) --output json", .faint)]
    }
  }

  struct Consistency: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "consistency",
      abstract: "Prove that the journal only grew from one size to another (RFC 9162).")

    @Argument(help: "The smaller size, in entries.")
    var from: Int

    @Argument(help: "The larger size. Default: what it has now.")
    var to: Int?

    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      try await output.errors(on: console).guarding {
        let reading = try await ReadingWiring()
        let document = try await reading.journal.document(
          provingGrowthFrom: from, to: to, checkpoints: try await reading.checkpoints())
        switch output.output {
        case .json: console.write(try JSON(encoding: document).description)
        case .text: console.write(lines(document))
        }
      }
    }

    private func lines(_ document: ConsistencyDocument) -> [Line] {
      [
        Line(
          "The first \(document.from) entries are the beginning of the first \(document.to).", .good
        ),
        Line("root of \(document.from)  \(document.fromRoot)"),
        Line("root of \(document.to)  \(document.toRoot)"),
        Line("path:"),
      ] + document.path.map { Line("  \($0)") } + signature(document.toCheckpoint)
    }
  }

  struct CheckProof: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "check-proof",
      abstract: "Check a proof, with no journal at hand.")

    @Argument(
      help:
        "The proof as 'prove' or 'consistency' write it with --output json; - for standard input.")
    var file: String

    @OptionGroup var keys: KeyOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let holds = try await output.errors(on: console).guarding {
        let check = try document().check(with: try keys.verifierKeys())
        let isAttested = keys.keys.isEmpty || !check.signers.isEmpty
        switch output.output {
        case .json: console.write(json(check, isAttested).description)
        case .text: console.write(lines(check, isAttested))
        }
        return check.defect == nil && isAttested
      }
      try (holds ? ExitStatus.done : .journal).exit()
    }

    private func document() throws -> ProofDocument {
      guard
        let data = file == "-"
          ? FileHandle.standardInput.readDataToEndOfFile()
          : FileManager.default.contents(atPath: file)
      else {
        throw InputError("input.unreadable", "\(file) can't be read")
      }
      guard let json = try? JSON(parsing: data), let document = ProofDocument(json) else {
        throw InputError(
          "input.no_proof", "\(file) is no proof",
          advice: "'lifeboat audit prove ENTRY --output json' writes one")
      }
      return document
    }

    private func lines(_ check: ProofDocument.Check, _ isAttested: Bool) -> [Line] {
      if let defect = check.defect { return [Line("The proof does NOT hold: \(defect)", .bad)] }
      let head = Line("The proof holds.", .good)
      if !check.signers.isEmpty {
        return [head] + check.signers.map { Line("signed by \($0)", .good) }
      }
      let others = check.otherSigners.joined(separator: ", ")
      let signed =
        others.isEmpty ? "nobody signed for its root" : "its root bears the name of \(others)"
      return [
        head,
        isAttested
          ? Line("\(signed); check who with --key", .attention)
          : Line("None of the given keys signed for its root: \(signed).", .bad),
      ]
    }

    private func json(_ check: ProofDocument.Check, _ isAttested: Bool) -> JSON {
      [
        "holds": .boolean(check.defect == nil && isAttested),
        "defect": check.defect.map(JSON.string) ?? .null,
        "signed_by": .array(check.signers.map { .string("\($0)") }),
        "names_on_it": .array(check.otherSigners.map(JSON.string)),
      ]
    }
  }
}

private func signature(_ checkpoint: String?) -> [Line] {
  guard let checkpoint else {
    return [
      Line("No checkpoint was signed for this size: 'lifeboat audit checkpoint'.", .attention)
    ]
  }
  return [Line("signed checkpoint:")]
    + checkpoint.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    .map { Line("  \($0)") }
}
