/// What a service manager is told to do.
enum ServiceOrder: Sendable {
  case setStartType(String, of: [String])
  case start(String, within: Duration?)
  case stop(String, within: Duration?)
  case kill(String, within: Duration?)
}
