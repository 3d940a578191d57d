import Runbook

import struct Foundation.Date

/// How much would be lost if the primary vanished now.
enum Exposure {
  static let property = "exposure_ms"
  static let note = ActionSchema.Note(
    property, "of each copy: now minus as_of, in milliseconds", motion: .moves)
  /// Clocks of machines that are kept in time differ by less.
  private static let clockTolerance = Duration.seconds(2)

  /// The observation with the exposure of each of these copies.
  static func stated(of copies: [DatabaseCopy], in observation: Observation, now: Date)
    -> Observation
  {
    var result = observation
    for copy in copies {
      let reading: Reading =
        switch observation[FactKey(copy.subject, FactName.asOf)]?.reading {
        case .value(let asOf): exposure(now: now, asOf: asOf.description)
        case .some(let gap): gap
        case nil: .unknown("nothing says how old \(copy.subject) is")
        }
      result.state(Fact(copy.subject, property, reading))
    }
    return result
  }

  /// Bytes of the log that the copy lacks; nil when nobody says.
  static func missingBytes(
    of copy: DatabaseCopy, among copies: [DatabaseCopy], _ observation: Observation
  ) -> Int? {
    if let source = copies.first(where: { observation.isServing($0) }),
      let last = observation.position(of: source), let own = observation.position(of: copy)
    {
      return max(0, last - own)
    }
    return observation[copy.subject, StreamingState.knownMissing]?.integer
  }

  private static func exposure(now: Date, asOf text: String) -> Reading {
    guard let age = Timestamp.age(of: text, at: now) else {
      return .unknown("as_of is '\(text)', which is not a time as RFC 3339 writes it")
    }
    guard age >= .zero - clockTolerance else {
      return .unknown(
        "as_of \(text) is in the future: the clocks of this machine and of the primary differ")
    }
    return .value(.integer(Int(max(.zero, age).milliseconds)))
  }
}
