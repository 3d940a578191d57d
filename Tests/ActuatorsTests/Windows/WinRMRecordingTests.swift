import Foundation
import FoundationXML
import Testing

@testable import Actuators

/// Our side of WinRM against messages that others have recorded (Fixtures/winrm says whose): what Windows answered is read, and
/// what we send means what they sent.
@Suite("WinRM as it was recorded")
struct WinRMRecordingTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../Fixtures/winrm").standardizedFileURL

  private static func recorded(_ name: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(name + ".xml"), encoding: .utf8)
  }

  private static func answer(_ name: String) throws -> WinRMAnswer {
    try #require(WinRMAnswer(try recorded(name)), "\(name) isn't read")
  }

  // MARK: - What was answered

  @Test("the ids of shell and command")
  func ids() throws {
    let shell = try Self.answer("answers/create")
    #expect(shell.shellID == "11111111-1111-1111-1111-111111111113")
    #expect(shell.commandID == nil && shell.fault == nil)
    let command = try Self.answer("answers/command")
    #expect(command.commandID == "11111111-1111-1111-1111-111111111114")
    #expect(
      try Self.answer("answers/command-for-input").commandID
        == "11111111-1111-1111-1111-111111111111")
  }

  @Test("output, errors, the end and the exit code")
  func output() throws {
    let output = try Self.answer("answers/receive-output")
    let text = String(decoding: output.output, as: UTF8.self)
    #expect(text.hasPrefix("\r\nWindows IP Configuration\r\n\r\n   Host Name "))
    #expect(text.contains(". : WINDOWS-HOST\n"))
    #expect(output.error.isEmpty && output.isDone && output.exitCode == 0)

    let error = try Self.answer("answers/receive-error")
    #expect(error.output.isEmpty && error.isDone && error.exitCode == 1)
    let words = PowerShellWords.read(
      "#< CLIXML\r\n" + String(decoding: error.error, as: UTF8.self))
    #expect(words.hasPrefix("Write-Error \"Error\" : Error"), "\(words)")
    #expect(!words.contains("_x000D_"))

    // In two pieces, which belong together.
    let pieces = try Self.answer("answers/receive-after-input")
    let whole = String(decoding: pieces.output, as: UTF8.self)
    #expect(whole.hasPrefix("Microsoft Windows [Version 10.0.17763.107]\r\n(c) 2018 Microsoft"))
    #expect(whole.hasSuffix("hello world \r\n"))
    #expect(pieces.isDone && pieces.exitCode == 0)
  }

  @Test("answers that only say that it is done", arguments: ["send", "signal", "delete"])
  func done(name: String) throws {
    let answer = try Self.answer("answers/\(name)")
    #expect(answer.fault == nil && !answer.isDone && answer.exitCode == nil)
  }

  @Test("a fault's number and its words, wherever they stand")
  func faults() throws {
    let late = try #require(try Self.answer("faults/known-fault").fault)
    #expect(late.code == WinRMAnswer.Fault.operationTimedOut)
    #expect(late.message.hasPrefix("The WS-Management service cannot complete the operation"))
    let schema = try #require(try Self.answer("faults/with-wsmanfault").fault)
    #expect(schema.code == 2_150_858_817 && schema.message == "Detail message.")
    let notUnderstood = try #require(try Self.answer("faults/must-understand").fault)
    #expect(notUnderstood.code == 0 && notUnderstood.message == "Test reason.")
    #expect(notUnderstood.words == "Test reason.")
    let silent = try #require(try Self.answer("faults/no-reason").fault)
    #expect(silent.code == 0 && silent.message.isEmpty)
    #expect(silent.words == "a fault without a word")
    // Limits of an account are told so, without a WSManFault.
    let quota = try #require(try Self.answer("faults/wmi-error-detail").fault)
    #expect(quota.code == 2_150_859_174)
    #expect(quota.words == "WMI Message. (WSManFault 2150859174)")
  }

  @Test("that there are too many shells is known by its number in either form")
  func tooManyShells() throws {
    let text = try Self.recorded("faults/wmi-error-detail")
      .replacing("2150859174", with: "2150859173")
    #expect(WinRMAnswer(text)?.fault?.code == WinRMAnswer.Fault.tooManyShells)
  }

  // MARK: - What was asked

  private static let url = "http://windows-host:5985/wsman"
  private static let shell = "11111111-1111-1111-1111-111111111113"
  private static let command = "11111111-1111-1111-1111-111111111111"
  private static let header = "/Envelope/Header"

  /// Where they may differ: what a host must not understand, what is another each time, and what we want otherwise.
  private static let otherwise: Set = [
    "\(header)/Locale", "\(header)/DataLocale", "\(header)/MessageID",
    "\(header)/OptionSet/Option[WINRS_NOPROFILE]", "\(header)/OptionSet/Option[WINRS_CODEPAGE]",
    "\(header)/OptionSet/Option[WINRS_CONSOLEMODE_STDIN]", "/Envelope/Body/Shell/IdleTimeOut",
    "/Envelope/Body/Send/Stream[stdin]@End",
  ]

  @Test(
    "what we send means the same",
    arguments: [
      ("create", WinRMMessage.Work.create),
      ("command", .command(["hostname"], shell: shell)),
      ("command-with-arguments", .command(["ipconfig", "/all"], shell: shell)),
      (
        "send",
        .send("echo \"hello world\" && exit\r\n", command: command, shell: shell)
      ),
      (
        "receive",
        .receive(command: "11111111-1111-1111-1111-111111111114", shell: shell)
      ),
      ("receive-after-input", .receive(command: command, shell: shell)),
      (
        "signal",
        .terminate(command: "11111111-1111-1111-1111-111111111114", shell: shell)
      ),
      ("signal-after-input", .terminate(command: command, shell: shell)),
      ("delete", .delete(shell: shell)),
    ])
  func requests(name: String, work: WinRMMessage.Work) throws {
    let ours = try Meaning.of(WinRMMessage(url: Self.url, work: work).text)
    let theirs = try Meaning.of(try Self.recorded("requests/\(name)"))
    #expect(
      ours.filter { !Self.otherwise.contains($0.key) }
        == theirs.filter { !Self.otherwise.contains($0.key) })
    // What is other is at least there, but for languages, which no host must understand.
    for place in Self.otherwise where theirs[place] != nil && !place.hasSuffix("Locale") {
      #expect(ours[place]?.namespace == theirs[place]?.namespace, "\(place)")
    }
    let id = try #require(ours["\(Self.header)/MessageID"]?.text.first)
    #expect(id.wholeMatch(of: /uuid:[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}/) != nil, "\(id)")
  }
}

/// What a message holds, whatever its prefixes, its blanks and the order of its headers.
private struct Meaning: Equatable {
  let namespace: String
  /// Of all elements in this place, in their order.
  var text: [String]

  /// By place, as `/Envelope/Header/SelectorSet/Selector[ShellId]`; an attribute as `…@End`.
  static func of(_ message: String) throws -> [String: Meaning] {
    let reader = Reader()
    let parser = XMLParser(data: Data(message.utf8))
    parser.shouldProcessNamespaces = true
    parser.delegate = reader
    try #require(parser.parse(), "\(message)")
    return reader.found
  }

  private final class Reader: NSObject, XMLParserDelegate {
    var found: [String: Meaning] = [:]
    private var places: [(place: String, text: String)] = []

    func parser(
      _ parser: XMLParser, didStartElement element: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      let name = attributes["Name"].map { "[\($0)]" } ?? ""
      let place = (places.last?.place ?? "") + "/" + element + name
      places.append((place, ""))
      for (attribute, value) in attributes {
        // Whether a host must understand a header, the recorded client says without the namespace that it must have.
        let isOfHeaders = attribute.hasSuffix("mustUnderstand") || attribute.hasPrefix("xmlns")
        guard !isOfHeaders, attribute != "Name", attribute != "xml:lang" else { continue }
        found["\(place)@\(attribute)"] = Meaning(namespace: "", text: [value])
      }
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) {
      places[places.count - 1].text += characters
    }

    func parser(
      _ parser: XMLParser, didEndElement element: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      guard let (place, text) = places.popLast() else { return }
      let words = text.trimmingCharacters(in: .whitespacesAndNewlines)
      found[place, default: Meaning(namespace: namespaceURI ?? "", text: [])].text.append(words)
    }
  }
}
