import Runbook

import struct Foundation.Data

/// What a host's files and servers' answers hold beyond what was asked for: passwords of others, which no inventory names and no
/// redactor knows. Where one is likely to stand is known by the words around it.
enum OthersSecrets {
  private static let blot = "•••"

  static func blotted(_ text: String) -> String {
    text
      // Of an element, as <Password>x</Password>.
      .replacing(
        /(<[^<>\/\s]*(?:password|passwd|pwd|secret|passphrase)[^<>]*>)[^<]+(<)/.ignoresCase()
      ) { "\($0.1)\(blot)\($0.2)" }
      // Of a setting, as <add key="DbPassword" value="x"/>.
      .replacing(
        /((?:key|name)\s*=\s*["'][^"']*(?:password|passwd|pwd|secret|passphrase)[^"']*["']\s+value\s*=\s*)(?:"[^"]*"|'[^']*')/
          .ignoresCase()
      ) { "\($0.1)\"\(blot)\"" }
      // Of a connection, as Password=x;, and of an attribute.
      .replacing(
        /((?:password|passwd|pwd|secret|passphrase)\s*=\s*)(?:&quot;.*?&quot;|&apos;.*?&apos;|"[^"]*"|'[^']*'|[^;"'<>&\s•]+)/
          .ignoresCase()
      ) { "\($0.1)\(blot)" }
      // Of JSON.
      .replacing(
        /("[^"]*(?:password|passwd|pwd|secret|passphrase|token)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"/
          .ignoresCase()
      ) { "\($0.1)\"\(blot)\"" }
  }
}

extension Exchange.Answer {
  /// Of a file that came as bytes the text: nobody can read the other before they hand it on, and nothing in it can be hidden.
  init(_ result: CommandResult, to command: ReadOnlyCommand) {
    var output = result.standardOutput
    if command.arguments.prefix(2) == [Command.windowsScript, WindowsLook.bytes.rawValue],
      let bytes = Data(base64Encoded: output)
    {
      output = Self.text(of: Array(bytes))
    }
    self.init(
      exitCode: result.exitCode, output: OthersSecrets.blotted(output),
      error: OthersSecrets.blotted(result.standardError), cutBytes: result.cutBytes)
  }

  private static func text(of bytes: [UInt8]) -> String {
    guard bytes.starts(with: [0xFF, 0xFE]) else { return String(decoding: bytes, as: UTF8.self) }
    return String(
      decoding: stride(from: 2, to: bytes.count - 1, by: 2).map {
        UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8
      }, as: UTF16.self)
  }
}
