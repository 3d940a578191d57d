extension Duration {
  /// Reads a duration as runbooks write it: `500ms`, `15s`, `2m`, `2h30m`. Units descend and don't repeat. Nil when it isn't one.
  public init?(runbook text: String) {
    let units: [(name: String, milliseconds: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    var rest = Substring(text)
    var total: Int64 = 0
    var unitsLeft = units[...]
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      rest = rest.dropFirst(digits.count)
      let name = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(name.count)
      guard let count = Int64(digits), let index = unitsLeft.firstIndex(where: { $0.name == name })
      else { return nil }
      let (product, tooLarge) = count.multipliedReportingOverflow(by: units[index].milliseconds)
      let (sum, overflow) = total.addingReportingOverflow(product)
      guard !tooLarge, !overflow else { return nil }
      total = sum
      unitsLeft = units[(index + 1)...]
    }
    self = .milliseconds(total)
  }

  public var milliseconds: Int64 {
    components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000
  }

  /// The spelling that runbooks use, `2m30s`; fractions of a millisecond are cut.
  public var runbookText: String {
    var rest = milliseconds
    var text = ""
    for (name, size) in [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
      as [(String, Int64)] where rest >= size
    {
      text += "\(rest / size)\(name)"
      rest %= size
    }
    return text.isEmpty ? "0s" : text
  }
}
