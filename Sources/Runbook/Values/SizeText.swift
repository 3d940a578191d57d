extension Int {
  /// Reads a size in bytes as runbooks write it: `10MiB`, `512KiB`, `2GB`, `100B`. Nil when it isn't one or doesn't fit.
  public init?(runbookSize text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let count = Int(digits), let factor = sizeUnits[String(text.dropFirst(digits.count))]
    else { return nil }
    let (size, overflow) = count.multipliedReportingOverflow(by: factor)
    guard !overflow else { return nil }
    self = size
  }
}

extension Int {
  /// A number of bytes in the largest binary unit of which there is one, the rest cut: `66GiB`.
  public var runbookSizeText: String {
    let units = ["TiB", "GiB", "MiB", "KiB"].compactMap { name in
      sizeUnits[name].map { (name: name, size: $0) }
    }
    let unit = units.first { self >= $0.size } ?? ("B", 1)
    return "\(self / unit.size)\(unit.name)"
  }
}

private let sizeUnits = [
  "B": 1, "kB": 1000, "MB": 1_000_000, "GB": 1_000_000_000, "TB": 1_000_000_000_000,
  "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
]
