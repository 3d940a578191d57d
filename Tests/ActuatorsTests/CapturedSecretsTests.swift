import Foundation
import Runbook
import TestSupport
import Testing

@testable import Actuators

@Suite("Secrets in what a program wrote")
struct CapturedSecretsTests {
  private static let secret = "p4ss/w0rd+with=é"
  private static let reference = SecretReference("env:TOKEN")!

  private static let redactor: Redactor = {
    let redactor = Redactor()
    redactor.learn(Secret(secret), of: reference)
    return redactor
  }()

  private static var forms: [String] {
    let data = Data(secret.utf8)
    let hex = data.map { String(format: "%02X", $0) }.joined()
    let url = secret.utf8.map { String(format: "%%%02X", $0) }.joined()
    return [
      secret, hex, url, data.base64EncodedString(), Data("ab\(secret)!".utf8).base64EncodedString(),
    ]
  }

  @Test("in chunks of any sizes, in every form", arguments: 1...20)
  func chunks(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for form in Self.forms {
      var rest = Array("begin \(form) middle \(form) end".utf8)[...]
      var captured = CutText()
      while !rest.isEmpty {
        let length = Int.random(in: 1...min(7, rest.count), using: &random)
        captured.append(rest.prefix(length))
        rest = rest.dropFirst(length)
      }
      let text = Self.redactor.redacted(captured.text)
      let forms = try #require(SecretForms(Secret(Self.secret), of: Self.reference))
      #expect(forms.places(in: Array(text.utf8)).isEmpty, "\(form), seed \(seed)")
      #expect(text.hasPrefix("begin ") && text.hasSuffix(" end"))
    }
  }

  @Test("where the limit cuts it in two, nothing of it is left", arguments: [1, 4, 9, 16])
  func atTheLimit(kept: Int) {
    for form in Self.forms.dropLast() {
      var captured = CutText()
      let before = [UInt8](repeating: UInt8(ascii: "."), count: CutText.limitBytes - kept)
      captured.append(before)
      captured.append(Array(form.utf8))
      let text = Self.redactor.redacted(cut: captured.text)
      #expect(captured.cutBytes == form.utf8.count - kept)
      #expect(text.hasSuffix("." + Redactor.blot), "\(form): \(text.suffix(20))")
    }
  }

  @Test("an excerpt says what it leaves out")
  func excerpts() {
    #expect(Excerpt.end(of: "short") == "short")
    let long = String(repeating: "0123456789", count: 2000)
    #expect(Excerpt.end(of: long).hasPrefix("… 15,904 bytes cut …"))
    #expect(Excerpt.beginning(of: long, more: 1_000_000).hasSuffix("… 1,015,904 bytes cut"))
    #expect(Excerpt.spelled(999) == "999")
    #expect(Excerpt.spelled(1_234_567) == "1,234,567")
  }
}
