import Journal

/// What a rehearsal that takes sites for lost says of that.
struct LostSiteLines {
  let lines: [Line]

  /// Throws `JSONError` when the body is not what the entry's kind says.
  init(_ entry: Entry) throws {
    if let record = try entry.record(LostSiteAssumed.self) {
      lines = [
        Line(
          "Assumed and not seen: \(Self.spoken(record.sites)) is lost. Nothing there is asked.",
          .attention)
      ]
    } else if let record = try entry.record(LostSitePointers.self) {
      lines = Self.lines(record)
    } else {
      lines = []
    }
  }

  private static func spoken(_ sites: [String]) -> String { sites.joined(separator: " and ") }

  private static func lines(_ record: LostSitePointers) -> [Line] {
    let sites = spoken(record.sites)
    guard !record.pointers.isEmpty else {
      return [
        Line(""),
        Line(
          "Nothing on the surviving path points at \(sites), as far as inventory, runbook and what was seen tell.",
          .good),
      ]
    }
    return [Line(""), Line("What still points at \(sites)", .heading)]
      + record.pointers.flatMap(lines)
  }

  private static func lines(_ pointer: LostSitePointers.Pointer) -> [Line] {
    let place = pointer.file.map { file in
      [file, pointer.line.map(String.init), pointer.column.map(String.init)].compactMap(\.self)
        .joined(separator: ":") + ": "
    }
    let what = "\(place ?? "")\(pointer.what) [\(pointer.code)]"
    if let step = pointer.removedBy {
      return [
        Line("  · \(what)", .faint), Line("      as expected: \(step) puts an end to it", .faint),
      ]
    }
    return [
      Line("  ! \(what)", .attention), Line("      why it matters: \(pointer.why)"),
      Line("      what to do: \(pointer.advice)"),
    ]
  }
}
