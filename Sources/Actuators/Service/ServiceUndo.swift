import Runbook

extension ServiceArguments {
  /// The steps after which each service runs, or doesn't, and has the start type, as it was seen before; in the order of
  /// starting. Nil where that isn't known, or can't be brought about.
  ///
  /// - Parameter areRunning: what the action that is undone has left the services as.
  func undo(restoring before: Observation, areRunning: Bool) -> [UndoStep]? {
    var wanted: [(service: String, want: Want)] = []
    for service in services {
      guard let want = want(of: service, before) else { return nil }
      wanted.append((service, want))
    }
    // Services that start after one another stay in that order: only neighbours share a step.
    var steps: [(want: Want, services: [String])] = []
    let isAsLeft: Want =
      areRunning ? .running(startType: Self.keep) : .down(startType: Self.keep)
    for (service, want) in wanted where want != isAsLeft {
      if let last = steps.last, last.want == want {
        steps[steps.count - 1].services.append(service)
      } else {
        steps.append((want, [service]))
      }
    }
    return steps.map { undoStep($0.want, $0.services) }
  }

  private enum Want: Equatable {
    case running(startType: String)
    case down(startType: String)
  }

  private func want(of service: String, _ before: Observation) -> Want? {
    guard let startType = startTypeToRestore(of: service, before) else { return nil }
    switch before.serviceState(service, on: host) {
    case .running:
      return ["automatic", "manual", Self.keep].contains(startType)
        ? .running(startType: startType) : nil
    case .stopped, .failed:
      return ["automatic", "manual", "disabled", Self.keep].contains(startType)
        ? .down(startType: startType) : nil
    // On its way from one to the other: what it would have become nobody knows.
    case .starting, .stopping, nil:
      return nil
    }
  }

  /// `keep` where it stays as it is; nil when it isn't known.
  private func startTypeToRestore(of service: String, _ before: Observation) -> String? {
    guard startType != nil else { return Self.keep }
    guard let seen = before.startType(service, on: host) else { return nil }
    return seen == predictedStartType(of: service, before) ? Self.keep : seen
  }

  private func undoStep(_ want: Want, _ services: [String]) -> UndoStep {
    let (action, startType) =
      switch want {
      case .running(let startType): (ServiceStart.schema.name, startType)
      case .down(let startType): (ServiceStop.schema.name, startType)
      }
    return UndoStep(
      action, .host(host),
      ["services": .list(services.map(Value.string)), "start_type": .string(startType)])
  }
}
