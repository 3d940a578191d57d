/// `Number::toString` of ECMAScript (ECMA-262, 6.1.6.1.20), which RFC 8785 §3.2.2.3 prescribes.
enum ECMAScriptNumber {
  /// `value` must be finite.
  static func text(_ value: Double) -> String {
    if value == 0 { return "0" }
    let (digits, point) = shortestDecimal(value.magnitude)
    return (value < 0 ? "-" : "") + layOut(digits: digits, point: point)
  }

  /// The shortest digits that read back as `magnitude`, and the decimal point's place counted from
  /// before the first digit: magnitude = 0.digits × 10^point.
  ///
  /// Swift's `description` finds the same digits as ECMAScript (shortest, and the closest among
  /// those), only laid out differently.
  private static func shortestDecimal(_ magnitude: Double) -> (digits: String, point: Int) {
    let parts = magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = mantissa[0]
    let fraction = mantissa.count > 1 ? mantissa[1] : ""
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0

    let all = whole + fraction
    let leadingZeros = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(leadingZeros))
    while digits.last == "0" { digits.removeLast() }
    return (digits, whole.count - leadingZeros + exponent)
  }

  private static func layOut(digits: String, point: Int) -> String {
    let count = digits.count
    switch point {
    case count...21 where count <= 21:
      return digits + String(repeating: "0", count: point - count)
    case 1...21:
      return "\(digits.prefix(point)).\(digits.dropFirst(point))"
    case -5...0:
      return "0." + String(repeating: "0", count: -point) + digits
    default:
      let exponent = point - 1
      let fraction = count > 1 ? ".\(digits.dropFirst())" : ""
      return "\(digits.prefix(1))\(fraction)e\(exponent < 0 ? "-" : "+")\(exponent.magnitude)"
    }
  }
}
