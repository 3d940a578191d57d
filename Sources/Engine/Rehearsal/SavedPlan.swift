public import Foundation
public import Journal
public import Runbook

/// A plan as a rehearsal saved it, with all that was seen: what an execution by it compares the world with.
public struct SavedPlan: Sendable, Hashable {
  /// What the file holds, besides the digest over it.
  public struct Content: Sendable, Hashable, Codable {
    public let about: String
    public let kind: String
    public let formatVersion: Int
    public let lifeboatVersion: String
    /// The rehearsal's run, when it was begun, by whom, and how it ended.
    public let rehearsal: String
    public let at: Timestamp
    public let person: PersonRecord
    public let ending: RunEnded.Ending
    public let runbookFile: String
    public let inventoryFile: String
    public let givenParameters: [String: String]
    /// Over runbook, inventory and parameters, bound into a plan.
    public let planDigest: String
    public let plan: JSON
    /// By precheck and step, in order.
    public let seen: [SeenStep]

    enum CodingKeys: String, CodingKey {
      case about, kind, rehearsal, at, person, ending, plan, seen
      case formatVersion = "version"
      case lifeboatVersion = "lifeboat_version"
      case runbookFile = "runbook_file"
      case inventoryFile = "inventory_file"
      case givenParameters = "given_parameters"
      case planDigest = "plan_digest"
    }
  }

  private static let kind = "lifeboat.plan"
  private static let formatVersion = 1
  private static let digestMember = "digest"

  public let content: Content
  /// Over the whole content.
  public let digest: Digest
  private let json: JSON

  init(
    run: String, _ started: RunStarted, at: Timestamp, _ seen: [SeenStep], _ ended: RunEnded,
    _ journal: Journal
  ) throws {
    let content = Content(
      about:
        "A plan that 'lifeboat rehearse' saved; 'lifeboat execute --plan' carries it out, when nothing has changed.",
      kind: Self.kind, formatVersion: Self.formatVersion, lifeboatVersion: started.version,
      rehearsal: run, at: at, person: started.person, ending: ended.ending,
      runbookFile: started.runbookFile, inventoryFile: started.inventoryFile,
      givenParameters: started.givenParameters, planDigest: started.planDigest,
      plan: started.plan, seen: seen)
    json = journal.redacted(try JSON(encoding: content))
    self.content = try json.decode(Content.self)
    digest = try Digest(of: json)
  }

  /// Reads a file's content. Throws `EngineError` when it is not what was saved.
  public init(parsing text: Data, path: String) throws {
    do {
      let whole = try JSON(parsing: text)
      guard whole["kind"]?.stringValue == Self.kind else {
        throw EngineError(
          "plan.not_a_plan", "\(path) is no saved plan", advice: Self.adviceToSave)
      }
      guard whole["version"]?.integerValue == Int64(Self.formatVersion) else {
        throw EngineError(
          "plan.version", "\(path) was saved in a form that this Lifeboat doesn't know",
          advice: Self.adviceToSave)
      }
      var members = whole.objectValue ?? [:]
      let stated = members.removeValue(forKey: Self.digestMember)?.stringValue
      json = .object(members)
      digest = try Digest(of: json)
      guard stated == digest.description else {
        throw EngineError(
          "plan.damaged", "\(path) is not what was saved: its digest is not that of its content",
          advice: "nobody may edit it; " + Self.adviceToSave)
      }
      content = try json.decode(Content.self)
    } catch let error as JSONError {
      throw EngineError(
        "plan.damaged", "\(path) can't be read: \(error.message)", advice: Self.adviceToSave)
    }
  }

  static let adviceToSave =
    "rehearse again, by 'lifeboat rehearse RUNBOOK --out FILE', and execute what that saves"

  /// The file's content: indented, as people read it, too.
  public var text: Data {
    get throws {
      var members = json.objectValue ?? [:]
      members[Self.digestMember] = .string(digest.description)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
      return try encoder.encode(JSON.object(members)) + Data("\n".utf8)
    }
  }

  /// Refuses a plan that was made of another runbook, inventory or parameters. Throws `EngineError`, which names the
  /// difference.
  public func requireSame(_ plan: Plan) throws {
    guard try plan.digest() != content.planDigest else { return }
    let change = plan.change(since: try content.plan.decode(Plan.self), "it was rehearsed")
    throw EngineError(
      "plan.changed", change?.message ?? "the plan is not the one that was rehearsed",
      advice: "put the runbook and the inventory back as they were, or " + Self.adviceToSave)
  }
}
