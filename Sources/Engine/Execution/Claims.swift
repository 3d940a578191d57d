import Runbook

extension Observation {
  /// The facts as a person is asked to vouch for them: `server, executor, scheduler: state stopped`. Subjects that lie
  /// under `target` are named without it.
  func claims(under target: String) -> String {
    var subjects: [String: [String]] = [:]
    var order: [String] = []
    for fact in facts {
      let claim = "\(fact.key.property) \(fact.reading.value?.description ?? "unknown")"
      if subjects[claim] == nil { order.append(claim) }
      let subject = fact.key.subject
      let name =
        subject.hasPrefix(target + "/") ? subject.dropFirst(target.count + 1) : subject[...]
      subjects[claim, default: []].append(String(name))
    }
    return order.map { "\((subjects[$0] ?? []).joined(separator: ", ")): \($0)" }
      .joined(separator: "; ")
  }
}
