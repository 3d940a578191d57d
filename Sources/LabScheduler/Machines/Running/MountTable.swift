import Foundation

/// What is mounted where, as one process sees it.
enum MountTable {
  struct Mount {
    let point: String
    let type: String
    let device: String
  }

  static func own() throws -> [Mount] { try of(process: "self") }

  /// proc(5): `36 35 98:0 /root /point options … - type source superoptions`.
  static func of(process: String) throws -> [Mount] {
    let text = String(decoding: try File.read("/proc/\(process)/mountinfo"), as: UTF8.self)
    return text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash + 1 < fields.count, dash > 5 else {
        return nil
      }
      return Mount(
        point: unescaped(fields[4]), type: String(fields[dash + 1]), device: String(fields[2]))
    }
  }

  /// Blanks and the like are written as a backslash and three octal digits.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "\\"), rest.count >= 3,
        let value = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
