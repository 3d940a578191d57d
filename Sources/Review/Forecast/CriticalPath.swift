/// How long a plan takes when each of its steps takes a known time: steps wait for those they depend on, and of a fan-out
/// as many hosts run at once as it allows.
struct CriticalPath {
  /// From the start of the first step to the end of the last, in seconds.
  private(set) var seconds = 0.0
  /// The steps, as the runbook calls them, of which each waits for the one before, and that decide how long it takes.
  private(set) var steps: [String] = []

  private let parts: [String: [PlanOutline.Step]]
  private let cost: (PlanOutline.Step) -> Double
  private var finished: [String: Double] = [:]

  init(_ steps: [PlanOutline.Step], cost: @escaping (PlanOutline.Step) -> Double) {
    parts = Dictionary(grouping: steps, by: \.runbookID)
    self.cost = cost
    var ids: [String] = []
    for step in steps where ids.last != step.runbookID { ids.append(step.runbookID) }
    guard let last = ids.max(by: { finish(of: $0) < finish(of: $1) }) else { return }
    seconds = finish(of: last)
    self.steps = path(to: last)
  }

  private func dependencies(of id: String) -> [String] {
    (parts[id]?.first?.depends ?? []).filter { parts[$0] != nil }
  }

  private mutating func finish(of id: String) -> Double {
    if let known = finished[id] { return known }
    // A plan has no cycles; what isn't one ends here all the same.
    finished[id] = 0
    var start = 0.0
    for dependency in dependencies(of: id) { start = max(start, finish(of: dependency)) }
    let end = start + duration(of: parts[id] ?? [])
    finished[id] = end
    return end
  }

  /// The next host begins as soon as one is done.
  private func duration(of hosts: [PlanOutline.Step]) -> Double {
    let limit = max(1, hosts.first?.fanOut?.maxParallel ?? 1)
    var busyUntil = [Double](repeating: 0, count: min(limit, max(1, hosts.count)))
    for host in hosts {
      guard let next = busyUntil.indices.min(by: { busyUntil[$0] < busyUntil[$1] }) else { break }
      busyUntil[next] += cost(host)
    }
    return busyUntil.max() ?? 0
  }

  private func path(to last: String) -> [String] {
    var path = [last]
    while let before = dependencies(of: path[0]).max(by: {
      (finished[$0] ?? 0) < (finished[$1] ?? 0)
    }),
      !path.contains(before)
    {
      path.insert(before, at: 0)
    }
    return path
  }
}
