import Foundation
import Runbook

/// One run of a script by Windows PowerShell: the command line, what is read there, and how the answer is found.
///
/// The command line is always the same short one, whose script reads the real one. So no line grows over cmd.exe's limit,
/// nothing that is worked on is in a process list, and nothing is quoted for anybody.
struct PowerShellRun: Sendable {
  /// Words without anything that cmd.exe or a program's start code could take for more than letters.
  static let commandLine = [
    "powershell", "-NoProfile", "-NonInteractive", "-OutputFormat", "Text", "-InputFormat", "Text",
    "-EncodedCommand",
    Data(starter.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
      .base64EncodedString(),
  ]

  /// Reads what to run, runs it, and writes one line: the answer as JSON in base64 between two marks. Base64 both ways,
  /// because a console's code page spoils whatever isn't ASCII.
  static let starter = #"""
    $ErrorActionPreference = 'Stop'
    $ProgressPreference = 'SilentlyContinue'
    $order = ConvertFrom-Json ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String(-join @($input))))
    $code = 1
    try {
      $value = & ([ScriptBlock]::Create($order.script)) $order.parameters
      $answer = @{ ok = $true; value = $value }
      $code = 0
    } catch {
      $cause = $_.Exception.GetBaseException()
      $answer = @{ ok = $false; message = $cause.Message; native = $cause.NativeErrorCode }
    }
    $json = [Text.Encoding]::UTF8.GetBytes((ConvertTo-Json $answer -Depth 8 -Compress))
    [Console]::Out.WriteLine($order.begin + [Convert]::ToBase64String($json) + $order.end)
    exit $code
    """#

  /// What PowerShell reads line by line.
  private static let lineLimit = 1000

  let input: String
  private let begin: String
  private let end: String

  /// `nonce` is known to nobody there: what else the script or a profile writes can't be taken for the answer.
  init(script: String, parameters: Value, nonce: UInt64 = .random(in: .min ... .max)) {
    let mark = String(nonce, radix: 36)
    begin = "<<\(mark):"
    end = ":\(mark)>>"
    let order: Value = [
      "script": .string(script), "parameters": parameters, "begin": .string(begin),
      "end": .string(end),
    ]
    var rest = Substring(Data(order.json.utf8).base64EncodedString())
    var lines: [Substring] = []
    while !rest.isEmpty {
      lines.append(rest.prefix(Self.lineLimit))
      rest = rest.dropFirst(Self.lineLimit)
    }
    input = lines.joined(separator: "\n") + "\n"
  }

  private struct Answer: Decodable {
    let ok: Bool
    let value: Value?
    let message: String?
    let native: Int?
  }

  /// What the script came to: its value, a text as it is and anything else as JSON; or exit code 1 with what went wrong in words, and Windows' own number for
  /// it as `native`. Nil when there is no answer in the output.
  func result(in output: String) -> CommandResult? {
    guard let start = output.range(of: begin),
      let stop = output.range(of: end, range: start.upperBound..<output.endIndex),
      let data = Data(
        base64Encoded: output[start.upperBound..<stop.lowerBound].filter { !$0.isWhitespace }),
      let answer = try? JSONDecoder().decode(Answer.self, from: data)
    else { return nil }
    guard answer.ok else {
      return CommandResult(
        exitCode: 1, standardOutput: Value.mapping(["native": .integer(answer.native ?? 0)]).json,
        standardError: answer.message ?? "")
    }
    let value = answer.value ?? .null
    return CommandResult(exitCode: 0, standardOutput: value.string ?? value.json)
  }
}
