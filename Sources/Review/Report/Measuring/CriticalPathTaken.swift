/// The chain of steps that the run's end waited for: from the step that ended last back to its dependency that ended last,
/// and so on.
struct CriticalPathTaken {
  let reading: RunReading

  /// In the order of time.
  func find() -> [CriticalStep] {
    let ends = reading.steps.compactMapValues { $0.settledEnd?.atMs }
    guard var step = ends.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key else {
      return []
    }
    var chain: [String] = [step]
    while let previous = dependencies(of: step).filter({ ends[$0] != nil && !chain.contains($0) })
      .max(by: { (ends[$0] ?? 0, $0) < (ends[$1] ?? 0, $1) })
    {
      chain.append(previous)
      step = previous
    }
    var last = 0
    return chain.reversed().map { step in
      let end = max(last, ends[step] ?? last)
      defer { last = end }
      return CriticalStep(step: step, ms: end - last)
    }
  }

  private func dependencies(of step: String) -> [String] {
    let depends = reading.plan.steps.first { $0.id == step }?.depends ?? []
    return depends.flatMap { reading.plan.steps(named: $0).map(\.id) }
  }
}
