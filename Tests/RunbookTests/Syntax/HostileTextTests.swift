import TestSupport
import Testing

@testable import Runbook

/// Whatever the bytes are, reading ends in a tree or in a located message, with bounded work.
@Suite struct HostileTextTests {
  @Test func aLargeFileIsRefusedBeforeItIsParsed() {
    let reading = Reading([UInt8](repeating: UInt8(ascii: "["), count: 10_000_000))
    #expect(reading.said == ["1:1 yaml.too_large"])
  }

  @Test func anAliasBombEndsAtTheLimit() {
    var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    for level in 1...30 {
      let aliases = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
      text += "a\(level): &a\(level) [\(aliases)]\n"
    }
    let reading = Reading(text)
    #expect(reading.root == nil)
    #expect(reading.diagnostics.all.map(\.code.word) == [.tooManyNodes])
    // 12,345 values stand above line 5, which adds 111,111; the first alias of line 6 as many again.
    #expect(reading.diagnostics.all.first?.position?.line == 6)
  }

  @Test func aliasesCountTowardsTheDepth() {
    var text = "a0: &a0 [x]\n"
    for level in 1...80 { text += "a\(level): &a\(level) [*a\(level - 1)]\n" }
    #expect(Reading(text).diagnostics.all.map(\.code.word) == [.tooDeep])
  }

  @Test func deepKeysEndAtTheLimit() {
    let words = Reading(String(repeating: "? ", count: 100_000)).diagnostics.all.map(\.code.word)
    #expect(Set(words) == [.complexKey, .tooDeep])
    #expect(words.last == .tooDeep)
  }

  @Test(arguments: ["[", "{a: ", "- "])
  func deepNestingEndsAtTheLimit(opening: String) {
    let reading = Reading(String(repeating: opening, count: 100_000))
    #expect(reading.root == nil)
    #expect(reading.diagnostics.all.map(\.code.word) == [.tooDeep])
  }

  @Test func sixtyFourLevelsAreAllowedAndOneMoreIsNot() {
    let nested = { (depth: Int) in
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(Reading(nested(64)).root != nil)
    #expect(Reading(nested(65)).said == ["1:65 yaml.too_deep"])
  }

  @Test func aLongScalarIsRefused() {
    let long = String(repeating: "x", count: 65_537)
    #expect(Reading("a: \(long)\n").said == ["1:4 yaml.scalar_too_long"])
    #expect(Reading("\"\(long)\": 1\n").said == ["1:1 yaml.scalar_too_long"])
  }

  @Test func badBytesAreLocated() {
    #expect(Reading(Array("a: 1\nb: x".utf8) + [0, 10]).said == ["2:5 yaml.bad_character"])
    #expect(Reading(Array("é: 1\nb: x".utf8) + [27]).said == ["2:5 yaml.bad_character"])
    #expect(Reading(Array("a: é".utf8) + [0xC3, 0x28]).said == ["1:5 yaml.bad_encoding"])
    #expect(Reading(Array("a: é".utf8) + [0xE2, 0x82]).said == ["1:5 yaml.bad_encoding"])
    #expect(Reading([0xFF, 0xFE, 0x61, 0]).said == ["1:1 yaml.bad_encoding"])
  }

  @Test func messagesCarryNoControlCharacters() {
    let reading = Reading("\"a\\e[2Jb\": 1\n\"a\\e[2Jb\": 2\n")
    #expect(reading.said == ["2:1 yaml.duplicate_key"])
    #expect(!reading.diagnostics.description.unicodeScalars.contains("\u{1B}"))
  }

  @Test func thousandsOfFaultsAreCountedAndAHundredShown() {
    let text = (0..<5000).map { "a\($0): !t x\n" }.joined()
    let diagnostics = Reading(text).diagnostics
    #expect(diagnostics.all.count == 100)
    #expect(diagnostics.omitted == 4900)
    #expect(diagnostics.errorCount == 5000)
    #expect(diagnostics.description.hasSuffix("… and 4900 more"))
  }

  @Test func mutatedTextsNeverCrashAndAlwaysEndWithAnAnswer() {
    let seed = UInt64.random(in: 0...UInt64.max)
    print("seed \(seed)")
    var generator = SeededGenerator(seed: seed)
    let original = Array(
      "a: &x {b: [1, 'two', \"three\\n\"], c: |\n  text\n}\nd: *x\n? e\n: f # comment\n".utf8)
    let alphabet = Array("&*!|>'\"%@`{}[]:,-?#<\\ \t\n\r\0aé\u{FEFF}\u{2028}".utf8) + [0xFF, 0xC0]
    for _ in 0..<3000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        mutate(&bytes, with: alphabet, using: &generator)
      }
      let reading = Reading(bytes)
      #expect(
        reading.root != nil || reading.diagnostics.hasErrors, "seed \(seed), bytes \(bytes)")
      for diagnostic in reading.diagnostics.all {
        let position = diagnostic.position ?? SourcePosition(line: 0, column: 0)
        #expect(position.line >= 1 && position.column >= 1, "seed \(seed), bytes \(bytes)")
      }
    }
  }

  private func mutate(
    _ bytes: inout [UInt8], with alphabet: [UInt8], using generator: inout SeededGenerator
  ) {
    let byte = alphabet.randomElement(using: &generator) ?? 0
    let index = Int.random(in: 0...bytes.count, using: &generator)
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: bytes.insert(byte, at: index)
    case 1 where index < bytes.count: bytes[index] = byte
    default: if index < bytes.count { bytes.remove(at: index) }
    }
  }
}
