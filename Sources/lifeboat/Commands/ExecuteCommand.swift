import ArgumentParser
import Engine
import Foundation
import Journal
import Review
import Runbook

struct ExecuteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "execute",
    abstract: "Execute a runbook for real. What is so already is left alone.",
    discussion: """
      Every intent is in the journal before it is carried out, and every step is verified by a probe. \
      Ctrl-C stops after the step in hand; however it ends, 'lifeboat explain' says where it stands and \
      'lifeboat resume' goes on.

      With --plan it goes by what 'lifeboat rehearse --out' saved: runbook and inventory are read again from where they \
      were, everything is looked at again as the rehearsal did, and where anything has changed, nothing is done.
      """)

  @OptionGroup var input: ExecutionInput
  @OptionGroup var gates: GateOptions
  @OptionGroup var output: OutputOptions

  @Option(
    name: .customLong("accept"),
    help:
      "Go on although a critical precheck isn't satisfied: PRECHECK=REASON. The reason goes into the journal. May be repeated."
  )
  var accepted: [NamedText] = []

  @Option(
    help: ArgumentHelp(
      "When the disaster began: a time as 2026-11-23T03:02:00Z, HH:MM of today here, or how long ago, as 12m.",
      discussion:
        "The report measures the recovery time from then. The journal keeps it with the run."
    ))
  var since: String?

  @Option(
    name: .customLong("override-proof"),
    help: ArgumentHelp(
      "Execute it although the proof finds a rule that can be broken. The reason goes into the journal.",
      discussion:
        "Before anything is begun 'lifeboat prove' is done, or what it found before is remembered.",
      valueName: "reason"))
  var overridesProof: String?

  func validate() throws {
    if let overridesProof, overridesProof.allSatisfy(\.isWhitespace) {
      throw ValidationError("--override-proof: give the reason")
    }
  }

  func run() async throws {
    let console = output.console
    let ended = try await output.errors(on: console).guarding {
      let (loaded, saved) = try input.load(warningsOn: console)
      let reasons = try accepted.byName("--accept")
      try reasons.requireKnown(
        among: loaded.plan.prechecks.map(\.id), "--accept", "precheck")
      let answers = try gates.answers(to: loaded.plan, on: console, format: output.output)
      let wiring = try Wiring(console: console, format: output.output)
      let disasterAt = try since.map {
        try DisasterStart($0, now: wiring.surroundings.time.now(), zone: .current).at
      }
      let proof = try await ProofBeforeRun(loaded.plan, on: console, output.output).make()
      try await tellUnfinished(wiring, on: console)
      let run = wiring.newRunID()
      if saved != nil, output.output == .text, console.isTerminal {
        console.status("▸ looking again at what the rehearsal saw")
      }
      return try await wiring.attesting(by: loaded.plan.inventory.witnesses) {
        try await wiring.executing(answers, signingWith: gates.key) { executor in
          try await executor.execute(
            loaded.plan, as: run,
            from: loaded.origin(
              accepted: reasons, disasterAt: disasterAt, savedPlan: saved,
              proof: proof.overridden(because: overridesProof)))
        }
      }
    }
    try ExitStatus(ended.ending).exit()
  }

  /// Who begins anew may not know that somebody's run can be gone on with.
  private func tellUnfinished(_ wiring: Wiring, on console: Console) async throws {
    guard output.output == .text else { return }
    let now = Timestamp(wiring.surroundings.time.now())
    for run in try await wiring.runs.unfinished() {
      console.write(Line("! \(run.text(at: now))", .attention))
    }
  }
}
