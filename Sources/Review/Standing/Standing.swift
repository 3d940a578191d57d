public import Journal

/// Where a run stands: what is done, what blocks it, on what evidence, who can unblock it, the next safe command, and until
/// when it can be aborted. One screen, for whoever comes to it without having been there; docs/explain.md describes its JSON.
public struct Standing: Sendable, Hashable, Encodable {
  /// Changes when a member changes its meaning; members may be added.
  public static let schema = "lifeboat-standing/1"

  /// Something that keeps the run from going on, with what was seen of it.
  public struct Block: Sendable, Hashable, Encodable {
    /// The step, or the precheck.
    public let step: String
    /// `waiting`, `failed`, `in_doubt`, `may_have_acted`, `precheck`.
    public let kind: String
    public let what: String
    /// Of a failure: its stable code.
    public let code: String?
    public let evidence: [Evidence]
  }

  /// A fact that was seen, or a guard that said no.
  public struct Evidence: Sendable, Hashable, Encodable {
    public let text: String
    /// Absent of a guard.
    public let fact: FactRecord?
    public let guarding: GuardRecord?
    /// Whether it is why the step does not go on: a guard that refused, or a gap.
    public let isDecisive: Bool
    public let at: Timestamp
    /// The entry that says so.
    public let entry: Int

    enum CodingKeys: String, CodingKey {
      case text, fact, at, entry
      case guarding = "guard"
      case isDecisive = "decisive"
    }
  }

  /// Who, or what, the run waits for.
  public struct Unblocking: Sendable, Hashable, Encodable {
    public enum Kind: String, Sendable, Hashable, Encodable {
      /// So many people must answer a gate.
      case people
      /// Something that could not be asked must answer again.
      case target
      /// Whoever can put the cause right.
      case cause
      /// Whoever has the run go on.
      case anybody
    }

    public let kind: Kind
    public let text: String
    public let step: String?
    public let gate: GateReport?
    public let target: String?
  }

  /// A command, and what it is for.
  public struct Next: Sendable, Hashable, Encodable {
    public let command: String
    public let purpose: String
  }

  public struct Abort: Sendable, Hashable, Encodable {
    public enum State: String, Sendable, Hashable, Encodable {
      case free
      /// A step that can't be undone has begun to act.
      case over
      /// Nothing has been changed yet.
      case nothingDone = "nothing_done"
      /// Another run has acted on its sites since.
      case overtaken
      /// The run is done, was refused, or is or undoes another one.
      case notApplicable = "not_applicable"
      /// The run is of a version that made no map of no return.
      case notKnown = "not_known"
    }

    public let state: State
    /// The steps with which it ends, or has ended.
    public let until: [String]
    /// The steps that would be undone, in that order.
    public let undoes: [String]
    public let text: String
  }

  public struct Step: Sendable, Hashable, Encodable {
    public let id: String
    public let name: String
    public let place: Int
    public let partOf: String?
    public let state: StepReport.State
    public let outcome: String?
    public let message: String?

    enum CodingKeys: String, CodingKey {
      case id, name, place, state, outcome, message
      case partOf = "part_of"
    }
  }

  public let schema: String
  public let run: String
  /// `execution` or `rehearsal`.
  public let type: String
  public let runbook: String
  public let runType: String
  public let beganAt: Timestamp
  public let beganBy: PersonRecord
  public let lastEntryAt: Timestamp
  /// The moment for which this was said.
  public let at: Timestamp
  /// `running`, `killed`, `aborted`, `superseded`, or as the run ended: `done`, `failed`, `refused`, `in_doubt`, `waiting`,
  /// `interrupted`, `blocked`, `unknown`.
  public let state: String
  public let message: String
  public let advice: String?
  /// The run that it undoes.
  public let aborts: String?
  /// The run by which it is, or was, undone.
  public let abortedBy: String?
  public let steps: [Step]
  public let blocks: [Block]
  public let unblocking: [Unblocking]
  /// The safest first.
  public let next: [Next]
  public let abort: Abort
  /// Others that stopped since the last execution that was done. The last one first.
  public let unfinished: [UnfinishedRun]

  enum CodingKeys: String, CodingKey {
    case schema, run, type, runbook, at, state, message, advice, aborts, steps, blocks, unblocking
    case next, abort, unfinished
    case runType = "run_type"
    case beganAt = "began_at"
    case beganBy = "began_by"
    case lastEntryAt = "last_entry_at"
    case abortedBy = "aborted_by"
  }
}
