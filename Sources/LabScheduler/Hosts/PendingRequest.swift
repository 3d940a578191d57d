/// A request whose end the daemon has not seen yet.
struct PendingRequest {
  enum Goal {
    case running
    case stopped
  }

  let connection: Int32
  let deadline: Int64
  private let service: ServiceName
  private let goal: Goal

  init(_ connection: Int32, _ service: ServiceName, _ goal: Goal, _ timeout: Int64) {
    self.connection = connection
    self.service = service
    self.goal = goal
    deadline = Clock.uptimeMilliseconds + timeout
  }

  /// The reply, once there is one.
  func answer(_ manager: ServiceManager) -> HostReply? {
    switch (goal, manager.state(service)) {
    case (.running, .running):
      return HostReply()
    case (.running, .failed), (.running, .stopped):
      return HostReply(
        failure: .failed, message: "service \(service): failed to start; its log says why")
    case (.stopped, _) where manager.hasStopped(service):
      return HostReply()
    case (_, let state) where Clock.uptimeMilliseconds >= deadline:
      return HostReply(
        failure: .timedOut,
        message: "service \(service): still \(state) after the time-out; left as it is")
    default:
      return nil
    }
  }
}
