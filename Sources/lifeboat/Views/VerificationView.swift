import Journal
import Review

/// What verifying a journal found, for people and for programs.
struct VerificationView {
  private let found: FullVerification

  init(_ found: FullVerification) { self.found = found }

  var lines: [Line] { verdict + head + keys + found.sources.flatMap(lines) + advice }

  private var verdict: [Line] {
    guard !found.isSound else {
      return [
        Line("The journal is sound: no entry was changed, removed, reordered or inserted.", .good)
      ]
    }
    var reasons = found.entries.finding.map { [$0.message] } ?? []
    reasons += found.unknownPins.map { "it doesn't name the key \($0)" }
    reasons += found.keys.problems.map { "entry \($0.entry): \($0.message)" }
    for source in found.sources {
      reasons += source.findings.prefix(1).map { "\(source.source): \($0.message)" }
    }
    return reasons.map { Line("The journal is NOT sound: \($0)", .bad) }
      + (found.firstUntrusted.map { [Line("first entry that can't be trusted: \($0)", .bad)] } ?? [])
  }

  private var head: [Line] {
    [
      Line("entries  \(found.entries.head.size)"), Line("root     \(found.entries.head.root)"),
    ]
  }

  private var keys: [Line] {
    guard !found.acceptedKeys.isEmpty else { return [] }
    let origin =
      found.arePinned
      ? "as given" : "as the journal itself says; to be sure, give the one that you have: --key"
    return found.acceptedKeys.map { Line("key      \($0) (\(origin))") }
  }

  private func lines(_ source: CheckpointReview) -> [Line] {
    let name = source.isWitness ? "witness  \(source.source)" : "signed   by this machine"
    let agreement =
      source.agreeing == 0
      ? "no checkpoint that agrees"
      : "\(source.agreeing) \(source.agreeing == 1 ? "checkpoint agrees" : "checkpoints agree")"
        + ", the largest of \(source.vouched?.size ?? 0) entries"
    return [Line("\(name): \(agreement)", source.findings.isEmpty ? .plain : .bad)]
      + source.findings.prefix(10).map { Line("  \($0.message)", .bad) }
      + (source.findings.count > 10
        ? [Line("  and \(source.findings.count - 10) more; all by --output json", .bad)] : [])
  }

  private var advice: [Line] {
    guard found.isSound else {
      let consequence =
        found.entries.consequence
        ?? "Keep the journal's files and the copies as they are: together they are the evidence."
      return [Line("next: \(consequence)", .attention)]
    }
    let beyond = found.entries.head.size - found.vouchedSize
    let unsigned =
      beyond == 0
      ? []
      : [
        Line(
          "\(beyond) of \(found.entries.head.size) entries are not signed for yet: "
            + "'lifeboat audit checkpoint' does that", .attention)
      ]
    let isWitnessed = found.sources.contains(where: \.isWitness)
    return unsigned
      + (isWitnessed
        ? []
        : [
          Line(
            "no witness was asked: whoever holds the journal and its key could have rewritten "
              + "both; --witness compares with copies", .attention)
        ])
  }

  var json: JSON {
    let entries = found.entries
    return [
      "sound": .boolean(found.isSound),
      "size": .integer(Int64(entries.head.size)),
      "root": .string(entries.head.root.description),
      "trusted": .integer(Int64(found.firstUntrusted ?? entries.trusted)),
      "finding": entries.finding.map {
        [
          "kind": .string($0.kind.rawValue), "index": .integer(Int64($0.index)),
          "message": .string($0.message),
        ]
      } ?? .null,
      "keys": .array(found.acceptedKeys.map { .string("\($0)") }),
      "keys_are_given": .boolean(found.arePinned),
      "unknown_keys": .array(found.unknownPins.map { .string("\($0)") }),
      "key_problems": .array(
        found.keys.problems.map {
          ["entry": .integer(Int64($0.entry)), "message": .string($0.message)]
        }),
      "signed": .integer(Int64(found.vouchedSize)),
      "sources": .array(found.sources.map(json)),
    ]
  }

  private func json(_ source: CheckpointReview) -> JSON {
    [
      "source": .string(source.source), "witness": .boolean(source.isWitness),
      "agreeing": .integer(Int64(source.agreeing)),
      "vouched": .integer(Int64(source.vouched?.size ?? 0)),
      "findings": .array(
        source.findings.map {
          [
            "kind": .string($0.kind.rawValue),
            "index": $0.index.map { .integer(Int64($0)) } ?? .null,
            "message": .string($0.message),
          ]
        }),
    ]
  }
}
