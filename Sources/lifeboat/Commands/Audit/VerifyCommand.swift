import ArgumentParser
import Foundation
import Journal
import Review

extension AuditCommand {
  struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verify",
      abstract: "Check that no entry was changed, removed, reordered, inserted, or rewritten.",
      discussion: """
        Recomputes every entry's hash and the Merkle tree, checks the keys and the signed checkpoints, and compares \
        them with what witnesses kept. Whoever holds the journal and its key can rewrite both: only a witness's copy \
        and a key that you have from elsewhere (--key) show that.
        """)

    @Option(
      name: .customLong("witness"),
      help: ArgumentHelp(
        "Copies of checkpoints to compare with: a directory, a file, a URL, or a witness's name in the inventory. May be repeated.",
        valueName: "place"))
    var places: [String] = []

    @OptionGroup var keys: KeyOptions
    @OptionGroup var inventory: InventoryOption
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let console = output.console
      let isSound = try await output.errors(on: console).guarding {
        let pinned = try keys.verifierKeys()
        let reading = try await ReadingWiring()
        let sources = try await reading.sources(
          places, inventory: inventory, pinned: pinned)
        let verification = try await reading.journal.verify(against: sources, pinned: pinned)
        let view = VerificationView(verification)
        switch output.output {
        case .json: console.write(view.json.description)
        case .text: console.write(view.lines)
        }
        return verification.isSound
      }
      try (isSound ? ExitStatus.done : .journal).exit()
    }
  }
}

/// Verifier keys that the auditor has from elsewhere.
struct KeyOptions: ParsableArguments {
  @Option(
    name: .customLong("key"),
    help: ArgumentHelp(
      "A verifier key that you have from elsewhere, or a file that holds it. May be repeated.",
      valueName: "key"))
  var keys: [String] = []

  /// Throws `InputError` for what is no key.
  func verifierKeys() throws -> [VerifierKey] {
    try keys.map { text in
      if let key = VerifierKey(text) { return key }
      let contents = FileManager.default.contents(atPath: text)
        .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
      guard let key = contents.flatMap(VerifierKey.init) else {
        throw InputError(
          "input.no_verifier_key", "'\(text)' is no verifier key, and no file that holds one",
          advice: "'lifeboat audit keys export' writes one")
      }
      return key
    }
  }
}
