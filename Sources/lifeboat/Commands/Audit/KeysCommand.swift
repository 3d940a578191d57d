import ArgumentParser
import Foundation
import Journal
import Review

extension AuditCommand {
  struct Keys: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "keys",
      abstract: "The keys that sign this journal's checkpoints: list, create, rotate, export.",
      discussion: """
        A key is made by the first run, if there is none. Give its public half (export) to whoever is to verify the \
        journal, on a way that doesn't lead through this machine.
        """,
      subcommands: [List.self, Create.self, Rotate.self, Export.self],
      defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "list", abstract: "The keys that the journal names, the last one in force.")

      @OptionGroup var output: OutputOptions

      func run() async throws {
        let console = output.console
        try await output.errors(on: console).guarding {
          let history = try await ReadingWiring().journal.keyHistory()
          switch output.output {
          case .json: for link in history.links { console.write(link.json.description) }
          case .text: console.write(Self.lines(history))
          }
        }
      }

      private static func lines(_ history: KeyHistory) -> [Line] {
        guard !history.links.isEmpty else {
          return [Line("No keys yet: the first run makes one, or 'lifeboat audit keys create'.")]
        }
        return history.links.map { link in
          let how = link.followsPrevious ? "vouched for by the one before" : "created"
          return Line("entry \(link.entry)  \(link.key)  (\(how))")
        } + history.problems.map { Line("entry \($0.entry): \($0.message)", .bad) }
      }
    }

    struct Create: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Make the key, under a name of your own.")

      @Option(
        help: ArgumentHelp(
          "The log's origin, under which it is signed for: unique, for good, as ops.example.com/lifeboat.",
          valueName: "origin"))
      var name: String

      @OptionGroup var output: OutputOptions

      func run() async throws {
        let console = output.console
        try await output.errors(on: console).guarding {
          guard SigningKey(newFor: name) != nil else {
            throw InputError(
              "input.key_name", "'\(name)' can't be a key's name",
              advice: "a name has neither spaces nor '+'")
          }
          let wiring = try Wiring(console: console, format: output.output)
          let keys = SigningKeys(home: Home().directory)
          if let key = try keys.current() {
            throw InputError(
              "input.key_exists", "there is a key: \(key.verifier)",
              advice: "'lifeboat audit keys rotate' puts a new one in its place")
          }
          let key = try await keys.currentOrNew(named: name, wiring.journal, by: wiring.author)
          show(key.verifier, on: console, output.output)
        }
      }
    }

    struct Rotate: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Put a new key in place of the one in force; each vouches for the other.")

      @OptionGroup var output: OutputOptions

      func run() async throws {
        let console = output.console
        try await output.errors(on: console).guarding {
          let wiring = try Wiring(console: console, format: output.output, mustExist: true)
          let keys = SigningKeys(home: Home().directory)
          guard let key = try await keys.rotate(wiring.journal, by: wiring.author) else {
            throw InputError(
              "input.no_key", "there is no key to rotate",
              advice: "'lifeboat audit keys create' makes one")
          }
          show(key.verifier, on: console, output.output)
        }
      }
    }

    struct Export: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "The public half of the key in force, one line: for 'audit verify --key'.")

      @OptionGroup var output: OutputOptions

      func run() async throws {
        let console = output.console
        try await output.errors(on: console).guarding {
          guard let key = try await ReadingWiring().journal.keyHistory().links.last?.key else {
            throw InputError(
              "input.no_key", "there is no key yet",
              advice: "the first run makes one, or 'lifeboat audit keys create'")
          }
          show(key, on: console, output.output)
        }
      }
    }
  }
}

private func show(_ key: VerifierKey, on console: Console, _ format: OutputFormat) {
  switch format {
  case .json: console.write(JSON(dictionaryLiteral: ("key", .string("\(key)"))).description)
  case .text: console.write("\(key)")
  }
}

extension KeyHistory.Link {
  fileprivate var json: JSON {
    [
      "entry": .integer(Int64(entry)), "key": .string("\(key)"),
      "follows_previous": .boolean(followsPrevious),
    ]
  }
}
