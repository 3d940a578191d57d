import Journal

/// What the journal says of the run's runners, its clock, and its signatures.
extension AttentionList {
  /// Of the last sitting the run's own conclusion tells.
  var sittings: [Attention] {
    let killed = reading.sittings.dropLast().filter { $0.ending == nil }.map {
      item(
        .caution, "killed",
        "The runner of \($0.person.spoken) was killed: its last entry is of \($0.lastAt), and no end is written. The run was resumed afterwards."
      )
    }
    let takeovers = reading.sittings.flatMap { sitting in
      sitting.takenOverFrom.map {
        item(
          .note, "taken_over",
          "\(sitting.person.spoken) took the sites over from a runner that was dead: \($0)")
      }
    }
    return killed + takeovers
  }

  var journal: [Attention] {
    let clock = reading.clockSetBack.map {
      item(
        .caution, "clock_set_back",
        "The runner's clock was set back: entry \($0) has an earlier time than one before it. Durations around it are not exact.",
        entry: $0)
    }
    let unknown = reading.unknownKinds.map {
      item(
        .caution, "unknown_entry",
        "Entry \($0.index) is of the kind \($0.kind), which this version does not know: what it says is not in this report.",
        entry: $0.index)
    }
    return clock + unknown
  }

  /// What a rehearsal took for lost, and what still points there.
  var lost: [Attention] {
    guard let assumed = reading.assumedLost else { return [] }
    let sites = assumed.record.sites.joined(separator: " and ")
    let pointing = reading.pointers.map { pointers in
      pointers.record.pointers.map { self.pointing($0, entry: pointers.entry) }
    }
    return [
      item(
        .caution, "assumed_lost", "\(sites) was taken for lost: nothing there was asked.",
        entry: assumed.entry)
    ] + (pointing ?? [])
  }

  private func pointing(_ pointer: LostSitePointers.Pointer, entry: Int) -> Attention {
    if let step = pointer.removedBy {
      return item(
        .note, pointer.code, "\(pointer.what), as expected: this step puts an end to it.",
        step: step, entry: entry)
    }
    return item(
      .caution, pointer.code,
      "\(pointer.what), and \(pointer.why). What to do: \(pointer.advice).", entry: entry)
  }

  var signed: [Attention] {
    guard let proof else { return [] }
    let problems = proof.problems.map {
      item(
        .bad, "checkpoint_disagrees", "A signed checkpoint does not agree with the journal: \($0).")
    }
    guard proof.checkpoint == nil else { return problems }
    return problems + [
      item(
        .note, "not_signed",
        "No signed checkpoint that holds covers this run: nobody's signature stands for its entries."
      )
    ]
  }
}
