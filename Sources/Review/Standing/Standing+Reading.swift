public import Journal

extension Standing {
  /// Nil when the entries don't begin with a run's first. Throws `JSONError` when a body is not what its kind says.
  ///
  /// - Parameters:
  ///   - isHeld: whether a living runner holds the lease on the run's sites.
  ///   - impasse: what other runs have done since, when that is in the way.
  ///   - unfinished: other runs that can be resumed.
  public init?(
    _ entries: [Entry], isHeld: Bool, impasse: Impasse? = nil, now: Timestamp,
    unfinished: [UnfinishedRun] = []
  ) throws {
    guard let sight = try RunSight(entries, isHeld: isHeld, impasse: impasse) else { return nil }
    self.init(sight, now: now, unfinished: unfinished)
  }

  init(_ sight: RunSight, now: Timestamp, unfinished: [UnfinishedRun]) {
    let reading = sight.reading
    let started = reading.started
    let blocks = BlockReading(sight: sight).all
    let abort = Abort(sight)
    schema = Self.schema
    run = reading.run
    type = started.type.rawValue
    runbook = started.runbook
    runType = started.runType
    beganAt = reading.first.at
    beganBy = started.person
    lastEntryAt = reading.last.at
    at = now
    state = sight.state
    message = Self.message(of: sight)
    advice = sight.isSuperseded ? sight.impasse?.advice : sight.conclusion.advice
    aborts = started.aborts?.run
    abortedBy = reading.aborted?.by
    steps = sight.steps.map(Step.init)
    self.blocks = blocks
    self.abort = abort
    self.unfinished = unfinished
    let unblocking = UnblockingReading(sight: sight, blocks: blocks).all
    self.unblocking = unblocking
    next = Self.next(sight, unblocking, abort)
  }

  private static func message(of sight: RunSight) -> String {
    if let aborted = sight.reading.aborted {
      return "\(aborted.by) undid it, or has begun to: it can't be resumed any more"
    }
    if let impasse = sight.impasse, sight.isSuperseded {
      return "\(impasse.message): it can't be resumed any more"
    }
    if sight.conclusion.state == .running {
      return "It is running now. Nothing to do but watch."
    }
    guard sight.conclusion.state == .noEndWritten else { return sight.conclusion.message }
    let open = sight.steps.filter { $0.state == .mayHaveActed }.map(\.id).joined(separator: ", ")
    return open.isEmpty
      ? "The runner died between two steps. Nothing that it did is lost."
      : "The runner died while doing \(open); whether that took effect will be probed, not guessed. Nothing that it did is lost."
  }

  private static func next(
    _ sight: RunSight, _ unblocking: [Unblocking], _ abort: Abort
  ) -> [Next] {
    let run = sight.reading.run
    if let aborted = sight.reading.aborted {
      return [Next(command: "lifeboat explain \(aborted.by)", purpose: "says how far it is undone")]
    }
    if sight.conclusion.state == .running {
      return [Next(command: "lifeboat explain \(run)", purpose: "says again where it stands")]
    }
    guard sight.isResumable else { return [] }
    var next = unblocking.compactMap { $0.gate?.resume(run) }
    if next.isEmpty {
      let isSure = unblocking.allSatisfy { $0.kind == .anybody }
      next = [
        Next(
          command: "lifeboat resume \(run)",
          purpose: isSure
            ? "goes on: it looks before it does anything"
            : "goes on once the cause is put right: it looks before it does anything")
      ]
    }
    if abort.state == .free {
      next.append(
        Next(command: "lifeboat abort \(run) --rehearse", purpose: "says what an abort would undo"))
    }
    return next
  }
}

extension RunSight {
  /// In one word.
  var state: String {
    if reading.aborted != nil { return "aborted" }
    if isSuperseded { return "superseded" }
    switch conclusion.state {
    case .running: return "running"
    case .noEndWritten: return "killed"
    case .ended: return conclusion.ending ?? "ended"
    }
  }
}

extension GateReport {
  /// The command that answers it.
  fileprivate func resume(_ run: String) -> Standing.Next {
    Standing.Next(
      command: "lifeboat resume \(run) \(answerOption) \(step)=\"YOUR WORDS\""
        + (signed ? " --signing-key KEY" : ""),
      purpose: "answers it")
  }
}

extension Standing.Step {
  init(_ step: StepReport) {
    self.init(
      id: step.id, name: step.name, place: step.place, partOf: step.partOf, state: step.state,
      outcome: step.outcome, message: step.message)
  }
}

extension Standing.Abort {
  init(_ sight: RunSight) {
    let reading = sight.reading
    var wayBack = WayBack(reading.started.wayBack)
    let acted = sight.steps.filter { !$0.attempts.isEmpty }
      .sorted { ($0.attempts.first?.entry ?? 0) > ($1.attempts.first?.entry ?? 0) }
    for step in acted.reversed() { _ = wayBack.act(step.partOf ?? step.id) }
    let points = wayBack.points.map(\.step)
    func make(_ state: State, until: [String] = [], _ text: String) -> Standing.Abort {
      Standing.Abort(
        state: state, until: until, undoes: state == .free ? acted.map(\.id) : [], text: text)
    }
    let isOver = sight.conclusion.state == .ended && !sight.conclusion.resumable
    if reading.started.type == .rehearsal || reading.started.aborts != nil
      || reading.aborted != nil || isOver
    {
      self = make(.notApplicable, "there is nothing to abort")
    } else if reading.started.wayBack == nil {
      self = make(.notKnown, "until when it can be aborted isn't known: an older version began it")
    } else if !wayBack.passed.isEmpty {
      self = make(.over, until: wayBack.passed, wayBack.headline ?? "abort is over")
    } else if acted.isEmpty {
      self = make(
        .nothingDone, until: points, "nothing has been changed yet: there is nothing to undo")
    } else if let impasse = sight.impasse {
      self = make(.overtaken, until: points, "abort is over: \(impasse.message)")
    } else {
      let stop = sight.conclusion.state == .running ? ", once it is stopped" : ""
      self = make(.free, until: points, (wayBack.headline ?? "abort is free") + stop)
    }
  }
}
