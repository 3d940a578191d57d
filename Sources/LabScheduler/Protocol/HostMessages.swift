/// The conversation with a host over its Unix socket: the host greets, then each line of JSON is
/// answered by one.
enum HostRequest: Codable, Equatable, Sendable {
  /// The named services, or all.
  case show(names: [String])
  case start(name: String, timeoutMilliseconds: Int64)
  case stop(name: String, timeoutMilliseconds: Int64)
  case kill(name: String)
  case setStartType(name: String, type: StartType)
}

/// What a host says first. A host that hangs accepts a connection, but does not greet.
struct HostGreeting: Codable, Equatable, Sendable {
  let host: String
  let pid: Int32
}

struct HostReply: Codable, Equatable, Sendable {
  /// Nil when the request was carried out.
  var failure: LabError.Kind?
  var message: String?
  var services: [ServiceStatus] = []
  /// Whether all that starts with the host has been started, or has failed to.
  var isBooted = false
}

enum ServiceState: String, Codable, Sendable {
  case running
  case stopped
  case starting
  case stopping
  case failed
}

/// A service as `service show` tells it.
struct ServiceStatus: Codable, Equatable, Sendable {
  let name: ServiceName
  let state: ServiceState
  let pid: Int32?
  let startType: StartType
  let since: Timestamp

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(state, forKey: .state)
    // The key is always there: null, not missing, when no process runs.
    try container.encode(pid, forKey: .pid)
    try container.encode(startType, forKey: .startType)
    try container.encode(since, forKey: .since)
  }
}
