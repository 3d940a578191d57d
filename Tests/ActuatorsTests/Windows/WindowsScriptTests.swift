import Foundation
import Runbook
import Testing

@testable import Actuators

/// What our PowerShell says, by the language's own grammar.
@Suite struct WindowsScriptTests {
  private struct Parsed: Decodable {
    let commands: [String]?
    let error: String?
  }

  private func parsed(_ scripts: [String]) async throws -> [Parsed] {
    let python = try await shell("\(WindowsDouble.directory)/prepare")
      .trimmingCharacters(in: .whitespacesAndNewlines)
    let result = try await world.makeOperator(token: "t").run(
      Command(
        [python, "\(WindowsDouble.directory)/list_commands.py"],
        standardInput: CommandInput(Value.list(scripts.map(Value.string)).json)),
      on: .here("local"))
    try #require(result.exitCode == 0, "\(result.standardError)")
    return try JSONDecoder().decode([Parsed].self, from: Data(result.standardOutput.utf8))
  }

  /// What looks may call. Nothing here changes a host.
  private static let looking: Set = [
    "[IO.File]::ReadAllBytes", "Add-Type", "ForEach-Object", "Get-CimInstance", "Get-Item",
    "Where-Object",
    "[ServiceProcess.ServiceController]::GetServices", "[Microsoft.Win32.Registry]::GetValue",
    "[Convert]::ToBase64String", "[IO.File]::ReadAllText", ".ToUnixTimeMilliseconds",
    "Get-Acl", "New-Object", "[IO.File]::GetAttributes", ".GetAccessRules", ".GetBaseException",
    ".GetDrive", ".GetDriveName", ".GetType", "[Security.Principal.WindowsIdentity]::GetCurrent",
    "[Net.Dns]::GetHostAddresses", ".ConnectAsync", ".Wait", ".Close", "Get-MsmqQueue",
    "Get-MsmqQueueACL",
  ]

  @Test("every script is PowerShell, and is held to be none when it is spoilt")
  func grammar() async throws {
    let scripts =
      [PowerShellRun.starter, ServiceTask.text] + WindowsLook.allCases.map(\.text)
      + WindowsChange.allCases.map(\.text)
    for (script, parsed) in zip(scripts, try await parsed(scripts)) {
      #expect(parsed.error == nil, "\(script)")
    }
    let spoilt = try await parsed(scripts.map { $0 + "\nif ($a {" })
    #expect(spoilt.allSatisfy { $0.error != nil })
  }

  @Test("what docs/jams.md lets an administrator type is PowerShell")
  func documented() async throws {
    let root = URL(fileURLWithPath: WindowsDouble.directory)
      .appendingPathComponent("../../..").standardizedFileURL
    let page = try String(contentsOf: root.appending(path: "docs/jams.md"), encoding: .utf8)
    let blocks = page.components(separatedBy: "```").filter { $0.hasPrefix("powershell\n") }
      .map { String($0.dropFirst("powershell\n".count)) }
    #expect(blocks.count == 3)
    for (block, parsed) in zip(blocks, try await parsed(blocks)) {
      #expect(parsed.error == nil, "\(block)\n\(parsed.error ?? "")")
    }
  }

  @Test("a script that looks calls nothing that changes; one that acts does")
  func looksOnlyLook() async throws {
    func strangers(_ script: Parsed) -> Set<String> {
      Set(script.commands ?? []).subtracting(Self.looking)
    }
    for parsed in try await parsed(WindowsLook.allCases.map(\.text)) {
      #expect(strangers(parsed).isEmpty)
    }
    // Of the one object that they make, only what is listed is called.
    let made = WindowsLook.allCases.flatMap { $0.text.matches(of: /New-Object(.*)/).map(\.1) }
    #expect(Set(made) == [" -ComObject Scripting.FileSystemObject", " Net.Sockets.TcpClient"])
    for parsed in try await parsed(WindowsChange.allCases.map(\.text)) {
      #expect(!strangers(parsed).isEmpty)
    }
  }

  @Test("the command line holds nothing that cmd.exe could take for more than letters, and fits")
  func commandLine() {
    let line = PowerShellRun.commandLine.joined(separator: " ")
    #expect(line.count < 8191)
    #expect(line.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || " -+/=".contains($0)) })
  }

  @Test("names of looks and of changes are not the same, so neither can stand for the other")
  func names() {
    #expect(
      Set(WindowsLook.allCases.map(\.rawValue)).isDisjoint(
        with: WindowsChange.allCases.map(\.rawValue)))
  }

  @Test("an answer is found in noise, and without its own marks there is none")
  func answers() throws {
    let run = PowerShellRun(script: "x", parameters: .null, nonce: 1)
    let answer = Data(#"{"ok":true,"value":{"a":"é"}}"#.utf8).base64EncodedString()
    let noisy = "profile says hello\r\n<<1:\(answer.prefix(5))\r\n\(answer.dropFirst(5)):1>>\r\nbye"
    #expect(run.result(in: noisy)?.standardOutput == #"{"a":"é"}"#)
    for text in ["", "<<2:\(answer):2>>", "<<1:\(answer)", "<<1:§§:1>>", "<<1::1>>"] {
      #expect(run.result(in: text) == nil)
    }
    let failure = Data(#"{"ok":false,"message":"no","native":1058}"#.utf8).base64EncodedString()
    let result = run.result(in: "<<1:\(failure):1>>")
    #expect(result?.exitCode == 1)
    #expect(result?.standardError == "no")
  }

  @Test("of CLIXML only errors are told, in plain words")
  func clixml() {
    let text = """
      #< CLIXML\r
      <Objs Version="1.1.0.1"><Obj S="progress" RefId="0"><AV>Preparing</AV></Obj>\
      <S S="Error">a &lt; b &amp;amp; c_x000D__x000A_</S><S S="Error">_x00E9_ end_x000D__x000A_</S></Objs>
      """
    #expect(PowerShellWords.read(text) == "a < b &amp; c\r\né end")
    #expect(PowerShellWords.read("#< CLIXML\r\n<Objs><Obj S=\"progress\"/></Objs>") == "")
    #expect(PowerShellWords.read(" plain \r\n") == "plain")
  }
}
