public import Foundation

/// What a caller wants to append; the journal adds index and epoch.
public struct EntryDraft: Sendable, Hashable {
  public var at: Timestamp
  /// What the entry states, as `run.started`; decides the shape of `body`.
  public var kind: String
  /// The run that the entry belongs to.
  public var run: String?
  /// The step of that run.
  public var step: String?
  public var body: JSON
  /// Whether the entry is refused without a lease. False only for what can't change anything
  /// outside, as a rehearsal.
  public var needsLease: Bool

  public init(
    at: Timestamp, kind: String, run: String? = nil, step: String? = nil, body: JSON = [:],
    needsLease: Bool = true
  ) {
    self.at = at
    self.kind = kind
    self.run = run
    self.step = step
    self.body = body
    self.needsLease = needsLease
  }
}

/// One item of the journal, as it stands there for good.
public struct Entry: Sendable, Hashable {
  /// The version of the entry's form, `v`.
  public static let version = 1

  /// Its place in the journal, from 0.
  public let index: Int
  public let at: Timestamp
  public let kind: String
  public let run: String?
  public let step: String?
  /// The epoch of the lease under which it was written; 0 when there was none.
  public let epoch: Int
  public let body: JSON

  public init(
    index: Int, at: Timestamp, kind: String, run: String?, step: String?, epoch: Int, body: JSON
  ) {
    self.index = index
    self.at = at
    self.kind = kind
    self.run = run
    self.step = step
    self.epoch = epoch
    self.body = body
  }
}

extension Entry {
  /// The object whose canonical bytes are hashed; docs/journal-format.md describes it.
  public var json: JSON {
    [
      "v": .integer(Int64(Entry.version)),
      "index": .integer(Int64(index)),
      "at": .string(at.description),
      "kind": .string(kind),
      "run": run.map(JSON.string) ?? .null,
      "step": step.map(JSON.string) ?? .null,
      "epoch": .integer(Int64(epoch)),
      "body": body,
    ]
  }

  /// Reads an entry's canonical bytes, and nothing but canonical bytes.
  public init(canonical bytes: Data) throws(JSONError) {
    let json = try JSON(parsing: bytes)
    // Writing it again is the longer way to see it.
    let isCanonical =
      if EntryHeading(scanning: bytes) != nil { true } else { try json.canonical == bytes }
    guard isCanonical else {
      throw JSONError(code: .mismatched, message: "the bytes are not canonical JSON", offset: nil)
    }
    guard json.objectValue?.count == 8, json["v"]?.integerValue == Int64(Entry.version),
      let index = json["index"]?.integerValue.flatMap(Int.init(exactly:)), index >= 0,
      let at = json["at"]?.stringValue.flatMap(Timestamp.init),
      let kind = json["kind"]?.stringValue,
      let run = json["run"]?.nullableString, let step = json["step"]?.nullableString,
      let epoch = json["epoch"]?.integerValue.flatMap(Int.init(exactly:)), epoch >= 0,
      let body = json["body"]
    else {
      throw JSONError(
        code: .mismatched, message: "the object is no entry of version \(Entry.version)",
        offset: nil)
    }
    self.init(index: index, at: at, kind: kind, run: run, step: step, epoch: epoch, body: body)
  }
}

extension JSON {
  /// `.some(nil)` for null, the string for a string, nil for anything else.
  fileprivate var nullableString: String?? {
    switch self {
    case .null: .some(nil)
    case .string(let value): .some(value)
    default: nil
    }
  }
}
