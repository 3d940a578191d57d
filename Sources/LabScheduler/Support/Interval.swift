import ArgumentParser

/// A length of time, written as `200ms`, `1.5s` or `2m`.
struct Interval: Hashable, Sendable {
  let milliseconds: Int64

  init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// Reads a number and its unit; nil for anything else, zero and negative lengths among it.
  init?(_ text: String) {
    let units: [(suffix: String, milliseconds: Double)] = [("ms", 1), ("s", 1000), ("m", 60_000)]
    guard
      let unit = units.first(where: { text.hasSuffix($0.suffix) }),
      let number = Double(text.dropLast(unit.suffix.count)), number.isFinite,
      (1...86_400_000).contains(number * unit.milliseconds)
    else { return nil }
    milliseconds = Int64((number * unit.milliseconds).rounded())
  }

  var seconds: Double { Double(milliseconds) / 1000 }

  static func * (interval: Interval, factor: Double) -> Interval {
    Interval(milliseconds: Int64((Double(interval.milliseconds) * factor).rounded()))
  }

  /// A pause for a loop that must notice things within this interval.
  func pollingInterval(atMost limit: Int64) -> Int64 {
    max(5, min(milliseconds / 4, limit))
  }
}

extension Interval: ExpressibleByArgument {
  init?(argument: String) {
    self.init(argument)
  }

  var defaultValueDescription: String {
    milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
  }
}

extension Interval: Codable {
  init(from decoder: any Decoder) throws {
    milliseconds = try decoder.singleValueContainer().decode(Int64.self)
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }
}
