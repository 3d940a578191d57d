/// Identifiers that sort by time and are short enough to type.
public enum RandomID {
  /// An identifier such as `r-20261123-031502-7f3a`: a prefix, the UTC second, 16 random bits.
  public static func make(
    prefix: String = "r", at time: Timestamp, using generator: inout some RandomNumberGenerator
  ) -> String {
    let digits = time.description.prefix(19).filter { $0 != "-" && $0 != ":" && $0 != "T" }
    let random = UInt16.random(in: .min ... .max, using: &generator)
    let suffix = Hex.digits(of: [UInt8(random >> 8), UInt8(random & 0xFF)])
    return "\(prefix)-\(digits.prefix(8))-\(digits.dropFirst(8))-\(suffix)"
  }
}
