import Runbook

extension Evidence {
  /// Takes what another part of the work left behind along.
  mutating func add(_ other: Evidence) {
    details.merge(other.details) { _, last in last }
  }
}
