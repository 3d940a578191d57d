import ArgumentParser
import Engine
import Foundation
import Journal
import Runbook

extension OutputFormat: ExpressibleByArgument {}

/// How a command writes. Every command has it.
struct OutputOptions: ParsableArguments {
  @Option(help: "How to write: text for people, json for programs.")
  var output: OutputFormat = .text

  var console: Console { Console() }
  func errors(on console: Console) -> ErrorView { ErrorView(console: console, format: output) }
}

/// What a command works on.
struct RunbookOptions: ParsableArguments {
  @Argument(help: "The runbook, a YAML file.", completion: .file(extensions: ["yaml", "yml"]))
  var runbook: String

  @OptionGroup var binding: BindingOptions

  func load(warningsOn console: Console) throws -> LoadedPlan {
    try binding.load(runbook, warningsOn: console)
  }

  static var defaultInventory: String {
    ProcessInfo.processInfo.environment["LIFEBOAT_SITES"] ?? "sites.yaml"
  }
}

/// What a runbook is bound to.
struct BindingOptions: ParsableArguments {
  @Option(
    name: [.short, .long],
    help: "The inventory, a YAML file. Default: $LIFEBOAT_SITES, else sites.yaml here.",
    completion: .file(extensions: ["yaml", "yml"]))
  var sites: String?

  @Option(name: .customLong("set"), help: "A parameter's value, NAME=VALUE. May be repeated.")
  var parameters: [NamedText] = []

  var isEmpty: Bool { sites == nil && parameters.isEmpty }

  func load(_ runbook: String, warningsOn console: Console) throws -> LoadedPlan {
    try LoadedPlan(
      runbookFile: runbook, inventoryFile: sites ?? RunbookOptions.defaultInventory,
      parameters: parameters.byName("--set"), console: console)
  }
}

/// Answers to gates that are given beforehand.
struct GateOptions: ParsableArguments {
  @Option(
    name: .customLong("approve"),
    help: "Approve a step's gate: STEP=WORDS. The words go into the journal. May be repeated.")
  var approvals: [NamedText] = []

  @Option(
    name: .customLong("attest"),
    help:
      "Vouch for what can't be probed at a step: STEP=WORDS, saying how you know. May be repeated.")
  var attestations: [NamedText] = []

  @Option(
    name: .customLong("redo"),
    help:
      "Have a step in doubt done again: STEP=WORDS, saying what you saw. May be repeated.")
  var redos: [NamedText] = []

  @Option(
    help: ArgumentHelp(
      "Sign answers with this SSH key. Default: $LIFEBOAT_SIGNING_KEY, else they aren't signed.",
      discussion: "A private key's file, or a public one's whose private key ssh-agent holds.",
      valueName: "file"), completion: .file())
  var signingKey: String?

  var key: String? {
    signingKey
      ?? ProcessInfo.processInfo.environment["LIFEBOAT_SIGNING_KEY"].flatMap {
        $0.isEmpty ? nil : $0
      }
  }

  @Flag(help: "Never ask on the terminal: a gate without an answer leaves the run waiting.")
  var noInput = false

  /// Throws `InputError` for a step that the plan doesn't have, and for an answer without words. `consents` answer what a
  /// run that is resumed asked when it stopped, `shown`.
  func answers(
    to plan: Plan, on console: Console, format: OutputFormat, consents: [NamedText] = [],
    shown: [String: String] = [:]
  ) throws -> Answers {
    let options = [
      (Question.Kind.approval, approvals), (.attest, attestations), (.redo, redos),
      (.consent, consents),
    ]
    var given: [Question.Kind: [String: String]] = [:]
    for (kind, answers) in options {
      let byStep = try answers.byName(kind.option)
      // A fan-out is approved as a whole; everything else is answered for one host.
      let steps = kind == .approval ? plan.steps.map(\.runbookID) : plan.steps.map(\.id)
      try byStep.requireKnown(among: steps, kind.option, "step")
      given[kind] = byStep
    }
    return Answers(
      console: console, mayAsk: !noInput && format == .text,
      given: GivenAnswers(given, shownConsents: shown))
  }
}

/// `NAME=TEXT` on the command line.
struct NamedText: ExpressibleByArgument {
  let name: String
  let text: String

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else {
      return nil
    }
    name = String(argument[..<equals])
    text = String(argument[argument.index(after: equals)...])
  }
}

extension [NamedText] {
  /// Throws `InputError` when a name is given twice.
  func byName(_ option: String) throws -> [String: String] {
    var result: [String: String] = [:]
    for item in self {
      guard option == "--set" || !item.text.allSatisfy(\.isWhitespace) else {
        throw InputError(
          "input.no_words", "\(option) \(item.name) has no words",
          advice: "say how you know, or why: the journal keeps it")
      }
      guard result.updateValue(item.text, forKey: item.name) == nil else {
        throw InputError("input.given_twice", "\(option) \(item.name) is given twice")
      }
    }
    return result
  }
}

extension [String: String] {
  /// Throws `InputError` for the first name that isn't among the known ones.
  func requireKnown(among known: [String], _ option: String, _ what: String) throws {
    for name in keys.sorted() where !known.contains(name) {
      throw InputError(
        "input.unknown_\(what)", "\(option) \(name): the runbook has no such \(what)",
        advice: known.isEmpty ? "it has none" : "it has \(known.joined(separator: ", "))")
    }
  }
}
