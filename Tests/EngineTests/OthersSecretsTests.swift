import Foundation
import Runbook
import Testing

@testable import Engine

/// A report is handed to strangers: what others left in the files that it holds must not go with it.
@Suite struct OthersSecretsTests {
  @Test(
    "where passwords usually stand, they are blotted out; the rest stays",
    arguments: [
      (
        #"<add name="Db" connectionString="Server=sql;User ID=sa;Password=hunter2;Encrypt=true"/>"#,
        #"<add name="Db" connectionString="Server=sql;User ID=sa;Password=•••;Encrypt=true"/>"#
      ),
      ("pwd = hunter2;x", "pwd = •••;x"),
      (#"c="Password=&quot;hun;ter2&quot;;a=1""#, #"c="Password=•••;a=1""#),
      ("<SmtpPassword a='1'>hunter2</SmtpPassword>", "<SmtpPassword a='1'>•••</SmtpPassword>"),
      (
        #"<add key="DbPassword" value="hunter2"/><add key="Server" value="sql"/>"#,
        #"<add key="DbPassword" value="•••"/><add key="Server" value="sql"/>"#
      ),
      (#"<user name='a' password='hunter2'/>"#, "<user name='a' password=•••/>"),
      (#"{"clientSecret": "hun\"ter2", "x": 1}"#, #"{"clientSecret": "•••", "x": 1}"#),
      ("192.0.2.1\tpassword.example", "192.0.2.1\tpassword.example"),
      ("<Primary>JAMS-1</Primary>", "<Primary>JAMS-1</Primary>"),
    ])
  func blotted(text: String, expected: String) {
    #expect(OthersSecrets.blotted(text) == expected)
  }

  @Test("a file that comes as bytes is kept as text, in either encoding")
  func bytes() {
    let text = "<a>é Password=hunter2;</a>"
    let wide: [UInt8] = [0xFF, 0xFE] + text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    for bytes in [Array(text.utf8), wide] {
      let answer = Exchange.Answer(
        CommandResult(exitCode: 0, standardOutput: Data(bytes).base64EncodedString()),
        to: .windows(.bytes, ["path": #"C:\x"#]))
      #expect(answer.output == "<a>é Password=•••;</a>")
    }
    let answer = Exchange.Answer(
      CommandResult(exitCode: 0, standardOutput: "Password=hunter2"),
      to: .windows(.file, ["path": #"C:\x"#]))
    #expect(answer.output == "Password=•••")
  }
}
