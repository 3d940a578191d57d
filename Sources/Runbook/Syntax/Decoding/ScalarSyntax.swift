/// How the language spells values, and what to say to those who spell them otherwise.
enum ScalarSyntax {
  /// A whole number in decimal digits. `017` is none: some read it as fifteen, some as seventeen.
  static func integer(_ scalar: YAMLScalar) -> Int? {
    scalar.isQuoted ? nil : integer(scalar.text)
  }

  /// A whole number that an operator typed.
  static func integer(_ text: String) -> Int? {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }),
      digits == "0" || digits.first != "0", text != "-0"
    else { return nil }
    return Int(text)
  }

  static func boolean(_ scalar: YAMLScalar) -> Bool? {
    scalar.isQuoted ? nil : boolean(scalar.text)
  }

  static func boolean(_ text: String) -> Bool? {
    switch text {
    case "true": true
    case "false": false
    default: nil
    }
  }

  /// `[a-z][a-z0-9-]*`, at most 64 characters.
  static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 64 else { return false }
    return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "-") }
  }

  /// A path that means the same from every working directory: POSIX, with a Windows drive, or UNC.
  static func isAbsolutePath(_ text: String) -> Bool {
    if text.hasPrefix("/") || text.hasPrefix(#"\\"#) { return true }
    let start = Array(text.prefix(3))
    return start.count == 3 && start[0].isASCII && start[0].isLetter && start[1] == ":"
      && (start[2] == "\\" || start[2] == "/")
  }

  /// What could be taken for an option or steer a terminal is no service.
  static func isServiceName(_ text: String) -> Bool {
    !text.isEmpty && !text.hasPrefix("-")
      && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}

extension ScalarSyntax {
  static func hintForInteger(_ scalar: YAMLScalar) -> String? {
    if integer(scalar.text) != nil { return "remove the quotes" }
    guard !scalar.text.isEmpty, scalar.text.allSatisfy({ $0.isNumber }) else { return nil }
    let trimmed = scalar.text.drop { $0 == "0" }
    return trimmed.count < scalar.text.count ? "write \(trimmed), without leading zeros" : nil
  }

  static func hintForBoolean(_ scalar: YAMLScalar) -> String? {
    if boolean(scalar.text) != nil { return "remove the quotes" }
    return switch scalar.text.lowercased() {
    case "yes", "on", "y", "true": "write true"
    case "no", "off", "n", "false": "write false"
    default: nil
    }
  }

  static func hintForDuration(_ text: String) -> String? {
    guard let first = text.first, first.isNumber else { return nil }
    if integer(text) != nil { return "add a unit: \(text)s, \(text)m or \(text)h" }
    if text.contains(".") { return "write fractions in a smaller unit: 1m30s, 500ms" }
    return "units are d, h, m, s and ms, from large to small, without spaces: 2h30m"
  }

  static func hintForSize(_ text: String) -> String? {
    guard let first = text.first, first.isNumber else { return nil }
    if integer(text) != nil { return "add a unit: \(text)B, \(text)KiB, \(text)MiB or \(text)GiB" }
    let digits = text.prefix { $0.isNumber }
    let letter = text.dropFirst(digits.count).trimmingPrefix(" ").first.map { $0.uppercased() }
    guard let letter, ["K", "M", "G", "T"].contains(letter) else { return nil }
    return "write \(digits)\(letter)iB"
  }

  static func hintForName(_ text: String) -> String? {
    let dashed = text.lowercased().map { $0 == "_" || $0 == " " ? "-" : $0 }
    let name = String(dashed)
    return isName(name) ? "write '\(name)'" : nil
  }
}
