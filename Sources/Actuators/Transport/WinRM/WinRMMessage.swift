import Foundation

/// A message of WS-Management to Windows' remote shell ([MS-WSMV]).
struct WinRMMessage: Sendable {
  enum Work: Sendable {
    case create
    case command([String], shell: String)
    /// All of the input, and that nothing follows.
    case send(String, command: String, shell: String)
    case receive(command: String, shell: String)
    case terminate(command: String, shell: String)
    case delete(shell: String)
  }

  /// How long the server may take to answer that there is nothing yet.
  static let operationTimeoutSeconds = 20
  private static let shellSpace = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell"
  private static let transfer = "http://schemas.xmlsoap.org/ws/2004/09/transfer"
  private static let anonymous =
    "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous"

  let url: String
  let work: Work

  var text: String {
    """
    <s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" \
    xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
    xmlns:w="http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd" \
    xmlns:rsp="\(Self.shellSpace)"><s:Header>\
    <a:To>\(Self.escaped(url))</a:To>\
    <a:ReplyTo><a:Address s:mustUnderstand="true">\(Self.anonymous)</a:Address></a:ReplyTo>\
    <a:Action s:mustUnderstand="true">\(action)</a:Action>\
    <a:MessageID>uuid:\(UUID().uuidString)</a:MessageID>\
    <w:ResourceURI s:mustUnderstand="true">\(Self.shellSpace)/cmd</w:ResourceURI>\
    <w:MaxEnvelopeSize s:mustUnderstand="true">153600</w:MaxEnvelopeSize>\
    <w:OperationTimeout>PT\(Self.operationTimeoutSeconds)S</w:OperationTimeout>\
    \(selector)\(options)</s:Header><s:Body>\(body)</s:Body></s:Envelope>
    """
  }

  private var action: String {
    switch work {
    case .create: "\(Self.transfer)/Create"
    case .command: "\(Self.shellSpace)/Command"
    case .send: "\(Self.shellSpace)/Send"
    case .receive: "\(Self.shellSpace)/Receive"
    case .terminate: "\(Self.shellSpace)/Signal"
    case .delete: "\(Self.transfer)/Delete"
    }
  }

  private var selector: String {
    switch work {
    case .create: ""
    case .command(_, let shell), .send(_, _, let shell), .receive(_, let shell),
      .terminate(_, let shell), .delete(let shell):
      "<w:SelectorSet><w:Selector Name=\"ShellId\">\(Self.escaped(shell))</w:Selector></w:SelectorSet>"
    }
  }

  private var options: String {
    let options: [(String, String)] =
      switch work {
      case .create: [("WINRS_NOPROFILE", "TRUE"), ("WINRS_CODEPAGE", "65001")]
      case .command: [("WINRS_CONSOLEMODE_STDIN", "FALSE"), ("WINRS_SKIP_CMD_SHELL", "FALSE")]
      case .send, .receive, .terminate, .delete: []
      }
    guard !options.isEmpty else { return "" }
    return "<w:OptionSet>"
      + options.map { "<w:Option Name=\"\($0)\">\($1)</w:Option>" }.joined() + "</w:OptionSet>"
  }

  private var body: String {
    switch work {
    case .create:
      // A shell that nobody could delete goes by itself.
      return """
        <rsp:Shell><rsp:IdleTimeOut>PT180S</rsp:IdleTimeOut><rsp:InputStreams>stdin</rsp:InputStreams>\
        <rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>
        """
    case .command(let words, _):
      let arguments = words.dropFirst().map {
        "<rsp:Arguments>\(Self.escaped($0))</rsp:Arguments>"
      }
      return "<rsp:CommandLine><rsp:Command>\(Self.escaped(words.first ?? ""))</rsp:Command>"
        + arguments.joined() + "</rsp:CommandLine>"
    case .send(let input, let command, _):
      let data = Data(input.utf8).base64EncodedString()
      return
        "<rsp:Send><rsp:Stream Name=\"stdin\" CommandId=\"\(Self.escaped(command))\" End=\"true\">"
        + "\(data)</rsp:Stream></rsp:Send>"
    case .receive(let command, _):
      return "<rsp:Receive><rsp:DesiredStream CommandId=\"\(Self.escaped(command))\">"
        + "stdout stderr</rsp:DesiredStream></rsp:Receive>"
    case .terminate(let command, _):
      return "<rsp:Signal CommandId=\"\(Self.escaped(command))\">"
        + "<rsp:Code>\(Self.shellSpace)/signal/terminate</rsp:Code></rsp:Signal>"
    case .delete: return ""
    }
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;")
  }
}
