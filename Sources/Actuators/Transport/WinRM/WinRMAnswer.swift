import struct Foundation.Data
import class Foundation.NSObject
import class FoundationXML.XMLParser
import protocol FoundationXML.XMLParserDelegate

/// What a server answers, as far as a remote shell needs it.
struct WinRMAnswer: Sendable {
  struct Fault: Sendable {
    let code: Int
    let message: String

    /// There is nothing to receive yet.
    static let operationTimedOut = 2_150_858_793
    static let tooManyShells = 2_150_859_173

    /// As a person reads it: some faults have no number, some no words.
    var words: String {
      let words = message.isEmpty ? "a fault without a word" : message
      return code == 0 ? words : "\(words) (WSManFault \(code))"
    }
  }

  fileprivate(set) var shellID: String?
  fileprivate(set) var commandID: String?
  fileprivate(set) var output: [UInt8] = []
  fileprivate(set) var error: [UInt8] = []
  fileprivate(set) var isDone = false
  fileprivate(set) var exitCode: Int?
  fileprivate(set) var fault: Fault?

  /// Nil when it is no whole XML, or has a document type declaration, which SOAP forbids.
  init?(_ text: String) {
    guard !text.contains("<!DOCTYPE") else { return nil }
    let reader = Reader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldResolveExternalEntities = false
    parser.shouldProcessNamespaces = true
    parser.delegate = reader
    guard parser.parse(), reader.depth == 0, reader.elements > 0 else { return nil }
    self = reader.answer
  }

  private init() {}

  private final class Reader: NSObject, XMLParserDelegate {
    var answer = WinRMAnswer()
    var depth = 0
    var elements = 0
    private var text = ""
    private var attributes: [[String: String]] = []

    func parser(
      _ parser: XMLParser, didStartElement element: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      depth += 1
      elements += 1
      text = ""
      self.attributes.append(attributes)
    }

    func parser(_ parser: XMLParser, foundCharacters characters: String) { text += characters }

    func parser(
      _ parser: XMLParser, didEndElement element: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      depth -= 1
      let attributes = self.attributes.popLast() ?? [:]
      take(element, attributes)
      text = ""
    }

    private func take(_ element: String, _ attributes: [String: String]) {
      switch element {
      case "ShellId": answer.shellID = text
      case "Selector" where attributes["Name"] == "ShellId": answer.shellID = text
      case "CommandId": answer.commandID = text
      case "Stream":
        let bytes = Data(base64Encoded: text.filter { !$0.isWhitespace }) ?? Data()
        if attributes["Name"] == "stdout" { answer.output += bytes }
        if attributes["Name"] == "stderr" { answer.error += bytes }
      case "CommandState": answer.isDone = attributes["State"]?.hasSuffix("/Done") ?? false
      case "ExitCode": answer.exitCode = Int(text)
      case "Text", "Message":
        // The reason comes before the fault's own words, which may be none.
        let words = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        if !words.isEmpty { message = words }
      // Of limits, as how many shells an account may have, in place of a WSManFault.
      case "error_Code" where answer.fault == nil: errorCode = Int(text) ?? 0
      case "WSManFault":
        answer.fault = Fault(code: attributes["Code"].flatMap { Int($0) } ?? 0, message: message)
      case "Fault" where answer.fault == nil:
        answer.fault = Fault(code: errorCode, message: message)
      default: break
      }
    }

    private var message = ""
    private var errorCode = 0
  }
}
