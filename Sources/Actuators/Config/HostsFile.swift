import Glibc

/// The text of a hosts file: lines of an address and names, with comments after `#`.
struct HostsFile: Sendable, Equatable {
  let text: String

  /// The addresses that a name has, in the order of the lines. Names are the same whatever their case.
  func addresses(of name: String) -> [String] {
    lines.compactMap { line in
      line.names.contains { $0.lowercased() == name.lowercased() } ? line.address : nil
    }
  }

  /// With this address as the name's only one. Other names, comments and the order of lines stay.
  func setting(_ name: String, to address: String) -> String {
    let isMissing = !addresses(of: name).contains { Self.areSame($0, address) }
    var isKept = false
    var kept: [Substring] = []
    for line in lines {
      guard line.names.contains(where: { $0.lowercased() == name.lowercased() }) else {
        kept.append(line.text)
        continue
      }
      if !isKept, !isMissing, line.address.map({ Self.areSame($0, address) }) == true {
        isKept = true
        kept.append(line.text)
      } else if let rest = line.without(name) {
        kept.append(Substring(rest))
      }
    }
    if isMissing {
      // After a last line without an end there is none to stand between.
      let isEnded = kept.last.map(\.isEmpty) ?? true
      kept.insert("\(address)\t\(name)", at: isEnded ? max(0, kept.count - 1) : kept.count)
    }
    return kept.joined(separator: newline)
  }

  static func areSame(_ left: String, _ right: String) -> Bool { packed(left) == packed(right) }

  /// Nil when it is no address.
  static func packed(_ address: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, address, &bytes) == 1 { return Array(bytes.prefix(4)) }
    return inet_pton(AF_INET6, address, &bytes) == 1 ? bytes : nil
  }

  private var newline: String { text.contains("\r\n") ? "\r\n" : "\n" }

  private struct Line {
    let text: Substring
    let address: String?
    let names: [Substring]

    init(_ text: Substring) {
      self.text = text
      let words = text.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      address = words.first.map(String.init)
      names = Array(words.dropFirst())
    }

    /// Nil when nothing is left of it.
    func without(_ name: String) -> String? {
      let others = names.filter { $0.lowercased() != name.lowercased() }
      let comment = text.drop { $0 != "#" }
      guard !others.isEmpty else { return comment.isEmpty ? nil : String(comment) }
      return ((address ?? "") + "\t" + others.joined(separator: " "))
        + (comment.isEmpty ? "" : " \(comment)")
    }
  }

  private var lines: [Line] {
    text.split(separator: newline, omittingEmptySubsequences: false).map(Line.init)
  }
}
