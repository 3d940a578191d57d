import Actuators
import Engine
import Foundation
import Journal
import Runbook

/// The proof that every execution begins with. What was found of a plan is remembered, so that at night nobody waits for
/// what was explored by day.
struct ProofBeforeRun {
  /// In the shipped runbooks the largest beginning, a drill on PostgreSQL, takes about 150,000.
  static let defaultStates = 200_000

  private let plan: Plan
  private let console: Console
  private let format: OutputFormat

  init(_ plan: Plan, on console: Console, _ format: OutputFormat) {
    self.plan = plan
    self.console = console
    self.format = format
  }

  /// Throws `InputError` for a setting that is no number.
  func make() async throws -> ProofRecord {
    let limits = Proof.Limits(states: try states())
    guard limits.states > 0 else {
      return ProofRecord(verdict: .leftOut, states: 0, broken: [])
    }
    let file = try RememberedProof(plan, limits)
    if let known = file.read() { return known }
    if format == .text, console.isTerminal {
      console.status("▸ exploring every way in which it can go")
    }
    let result = try await Proof(
      of: plan, catalogue: .standard, domain: SchedulerDomain(plan), limits: limits
    ).explore()
    let record = ProofRecord(result, of: plan)
    do { try file.write(record) } catch let error as JournalError {
      console.writeError("lifeboat: what the proof found can't be remembered: \(error)")
    }
    return record
  }

  /// How many states of one beginning are explored; 0 leaves the proof out.
  private func states() throws -> Int {
    let name = "LIFEBOAT_PROOF_STATES"
    guard let text = ProcessInfo.processInfo.environment[name], !text.isEmpty else {
      return Self.defaultStates
    }
    guard let number = Int(text), number >= 0 else {
      throw InputError(
        "input.proof_states", "\(name) is '\(text)'",
        advice: "give how many states are explored, or 0 to leave the proof out")
    }
    return number
  }
}

/// Where the result for one plan is kept. It counts for this program and these limits alone.
private struct RememberedProof {
  private let directory: String
  private let name: String

  init(_ plan: Plan, _ limits: Proof.Limits) throws {
    directory = Home().directory + "/proofs"
    let program = try FileManager.default.attributesOfItem(
      atPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
    let modified = (program[.modificationDate] as? Date)?.timeIntervalSinceReferenceDate ?? 0
    let key: JSON = [
      "plan": try JSON(encoding: plan), "version": .string(Version.current),
      "program": .string("\(program[.size] ?? 0) \(modified)"),
      "states": .integer(Int64(limits.states)), "outages": .integer(Int64(limits.outages)),
    ]
    name = try Digest(of: key).description.replacing("sha256:", with: "")
  }

  private var path: String { "\(directory)/\(name).json" }

  /// Nil also for one that is damaged: it is then explored anew.
  func read() -> ProofRecord? {
    guard let text = FileManager.default.contents(atPath: path) else { return nil }
    return try? JSON(parsing: text).decode(ProofRecord.self)
  }

  func write(_ record: ProofRecord) throws {
    do {
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true,
        attributes: [.posixPermissions: 0o700])
    } catch {
      throw JournalError(
        code: .storageFailed, message: "it can't be made: \(error.localizedDescription)",
        advice: "see that there is room, and that you may write there", path: directory)
    }
    try DurableFile(path: path).replace(
      with: Data(try JSON(encoding: record).description.utf8), mode: 0o600)
  }
}
