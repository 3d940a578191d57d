import Foundation
import Runbook
import Synchronization
import TestSupport
import Testing

@Suite("Secrets are blotted out of texts")
struct RedactorTests {
  private static let reference = SecretReference("env:TOKEN")!

  private func redactor(_ secret: String) -> Redactor {
    let redactor = Redactor()
    redactor.learn(Secret(secret), of: Self.reference)
    return redactor
  }

  /// The forms as other programs write them, and not as ours looks for them.
  private static func forms(of secret: String) throws -> [String] {
    let data = Data(secret.utf8)
    let json = String(decoding: try JSONEncoder().encode([secret]), as: UTF8.self)
    let percent = secret.utf8.map { String(format: "%%%02x", $0) }.joined()
    let unreserved = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyz0123456789-._~")
    let url = secret.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    let html = secret.replacing("&", with: "&amp;").replacing("<", with: "&lt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#x27;")
    let unicode = secret.utf16.map { String(format: "\\u%04X", $0) }.joined()
    let hex = data.map { String(format: "%02x", $0) }.joined()
    // In a longer text that is encoded as a whole, at each place of a group.
    let aligned = ["", "x", "xy"].flatMap { before -> [String] in
      let text = Data((before + secret + "tail").utf8).base64EncodedString()
      return [text, text.replacing("+", with: "-").replacing("/", with: "_")]
    }
    let wrapped = Data(("user:" + secret).utf8).base64EncodedString(
      options: [.lineLength64Characters, .endLineWithLineFeed])
    return [
      secret, String(json.dropFirst(2).dropLast(2)), percent, percent.uppercased(), url,
      url.replacing("%20", with: "+"), html, unicode, hex, hex.uppercased(), wrapped,
    ] + aligned
  }

  /// What a reader of the text could still have: the secret in any form.
  private func expectGone(_ secret: String, _ form: String, from text: String) {
    #expect(!text.contains(secret), "\(form) left \(text)")
    let forms = SecretForms(Secret(secret), of: Self.reference)
    #expect(forms?.places(in: Array(text.utf8)).isEmpty == true, "\(form) left \(text)")
    // Base64 of a text around it: what is left between the blots doesn't decode to it.
    for word in text.split(whereSeparator: { !$0.isLetter && !$0.isNumber && !"+/-_=".contains($0) }
    ) {
      let standard = word.replacing("-", with: "+").replacing("_", with: "/")
      for skip in 0..<4 {
        var digits = String(standard.dropFirst(skip).prefix { $0 != "=" })
        digits += String(repeating: "=", count: (4 - digits.count % 4) % 4)
        let decoded = Data(base64Encoded: digits).map { String(decoding: $0, as: UTF8.self) }
        #expect(decoded?.contains(secret) != true, "\(form) left \(text)")
      }
    }
  }

  private static let alphabet: [Character] = Array(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~äß€🔑\n\t"
  )

  @Test("random secrets, in every form, in random surroundings", arguments: 1...40)
  func everyForm(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let secret = String(
      (0..<Int.random(in: 6...40, using: &random)).map { _ in
        Self.alphabet.randomElement(using: &random) ?? "x"
      })
    let redactor = redactor(secret)
    for form in try Self.forms(of: secret) {
      let text = "before: \(form)\n\(form)\(form) after"
      let redacted = redactor.redacted(text)
      expectGone(secret, form, from: redacted)
      #expect(redacted.hasPrefix("before: ") && redacted.hasSuffix(" after"), "seed \(seed)")
      #expect(redacted.contains("\n"), "what stands around it stays: seed \(seed)")
      #expect(redacted.contains(Redactor.blot))
    }
  }

  @Test("a text that was cut anywhere shows no beginning of it", arguments: 1...20)
  func cut(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let secret = String(
      (0..<24).map { _ in Self.alphabet.randomElement(using: &random) ?? "x" })
    let redactor = redactor(secret)
    let forms = try Self.forms(of: secret)
    for form in [secret, forms[2], forms[7], forms[8]] {
      let bytes = Array(("log: " + form).utf8)
      for length in 6..<bytes.count {
        let text = String(decoding: bytes.prefix(length), as: UTF8.self)
        let redacted = redactor.redacted(cut: text)
        // A secret may begin with the blank before it.
        let rest = redacted.dropFirst(4).trimmingCharacters(in: .whitespaces)
        #expect(
          redacted.hasPrefix("log:") && rest == Redactor.blot,
          "\(length) of \(form): \(redacted), seed \(seed)")
      }
    }
  }

  @Test("texts without a secret stay as they are")
  func untouched() {
    let redactor = redactor("correct horse battery")
    for text in ["", "nothing", "%41%4", "\\u00", "&amp;&", "a+b", "correct  horse", "•••"] {
      #expect(redactor.redacted(text) == text)
      #expect(Redactor().redacted(text) == text)
    }
  }

  @Test("the token alone, the account and password behind Basic, and each line of a key")
  func parts() {
    #expect(redactor("Bearer abcdefgh-12").redacted("got abcdefgh-12.") == "got •••.")
    let login = Data("ann:opensesame".utf8).base64EncodedString()
    #expect(redactor("Basic \(login)").redacted("pw opensesame") == "pw •••")
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nAoIBAQC7\n"
    #expect(redactor(key).redacted("line; MIIEvQIBADANBgkq; AoIBAQC7") == "line; •••; •••")
  }

  @Test("what is too short, or says what the plan says in clear, is left, and that is said once")
  func obstacles() {
    let said = Mutex<[String]>([])
    let redactor = Redactor { reference, obstacle in
      said.withLock { $0.append("\(reference): \(obstacle)") }
    }
    redactor.reserve("scheduler@dr\nproduction.scheduler")
    for (name, secret) in [
      ("env:A", "abc"), ("env:A", "abc"), ("env:B", "scheduler"), ("env:C", "stopped"),
      ("env:D", "a-real-secret"),
    ] {
      redactor.learn(Secret(secret), of: SecretReference(name)!)
    }
    #expect(said.withLock { $0 } == ["env:A: tooShort", "env:B: reserved", "env:C: reserved"])
    #expect(
      redactor.redacted("abc stopped scheduler@dr a-real-secret") == "abc stopped scheduler@dr •••")
  }
}
