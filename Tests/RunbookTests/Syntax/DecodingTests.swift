import Testing

@testable import Runbook

@Suite struct DecodingTests {
  /// Decodes the value of `v` in `v: …`.
  private func decode<Result>(
    _ text: String, _ body: (NodeDecoder, YAMLNode) -> Result?
  ) throws -> (value: Result?, diagnostics: Diagnostics) {
    let collector = DiagnosticCollector(file: "test.yaml", area: .runbook)
    let root = try #require(YAMLReader().read(Array("v: \(text)\n".utf8), into: collector))
    let value = body(NodeDecoder(diagnostics: collector), try #require(root["v"]))
    return (value, collector.diagnostics)
  }

  @Test(arguments: [("0", 0), ("15", 15), ("-3", -3)])
  func integers(text: String, number: Int) throws {
    #expect(try decode(text) { $0.integer($1) }.value == number)
  }

  @Test(arguments: [
    "017", "+1", "1_000", "0x10", "1.0", "-0", "''", "'1'", "9223372036854775808", "",
  ])
  func notIntegers(text: String) throws {
    let decoded = try decode(text) { $0.integer($1) }
    #expect(decoded.value == nil)
    #expect(decoded.diagnostics.all.map(\.code.description) == ["runbook.wrong_type"])
  }

  @Test func integersOutOfRange() throws {
    let decoded = try decode("11") { $0.integer($1, in: 1...10) }
    #expect(decoded.value == nil)
    #expect(decoded.diagnostics.all.first?.message.contains("from 1 to 10") == true)
  }

  @Test(arguments: [
    ("yes", "write true"), ("On", "write true"), ("no", "write false"),
    ("'true'", "remove the quotes"),
  ])
  func truthValuesAreTrueAndFalseOnly(text: String, hint: String) throws {
    let decoded = try decode(text) { $0.boolean($1) }
    #expect(decoded.value == nil)
    #expect(decoded.diagnostics.all.first?.hint == hint)
    #expect(try decode("true") { $0.boolean($1) }.value == true)
    #expect(try decode("false") { $0.boolean($1) }.value == false)
  }

  @Test(arguments: [
    ("90", "90s"), ("1.5h", "1m30s"), ("1s2m", "from large to small"), ("5 m", "without spaces"),
  ])
  func durationsThatNeedAnotherSpelling(text: String, hint: String) throws {
    let decoded = try decode(text) { $0.duration($1) }
    #expect(decoded.value == nil)
    #expect(decoded.diagnostics.all.first?.hint?.contains(hint) == true)
    #expect(try decode("2h30m") { $0.duration($1) }.value == "2h30m")
  }

  @Test func sizesAreBytes() {
    #expect(Int(runbookSize: "10MiB") == 10_485_760)
    #expect(Int(runbookSize: "2GB") == 2_000_000_000)
    #expect(Int(runbookSize: "0B") == 0)
    for wrong in ["10", "MiB", "10 MiB", "10mb", "-1B", "9223372036854775807KiB", ""] {
      #expect(Int(runbookSize: wrong) == nil)
    }
    #expect(ScalarSyntax.hintForSize("10M") == "write 10MiB")
    #expect(ScalarSyntax.hintForSize("10 mb") == "write 10MiB")
  }

  @Test(arguments: ["a", "dr", "stop-production", "a1-2"])
  func names(text: String) throws {
    #expect(try decode(text) { $0.name($1, "a name") }.value == text)
  }

  @Test(arguments: ["A", "1a", "a_b", "-a", "a.b", "é", "''", "'a\nb'"])
  func notNames(text: String) throws {
    #expect(try decode(text) { $0.name($1, "a name") }.value == nil)
  }

  @Test func nullIsNoText() throws {
    for text in ["", "~", "null"] {
      #expect(try decode(text) { $0.string($1) }.value == nil)
    }
    #expect(try decode("'null'") { $0.string($1) }.value == "null")
  }

  @Test func recordsNameUnknownAndMissingKeys() throws {
    let decoded = try decode("{ tiemout: 1, b: 2 }") { decoder, node in
      decoder.record(node, keys: ["timeout", "b", "c"], "a step")?.required("c")
    }
    let said = decoded.diagnostics.all.map {
      "\($0.position?.column ?? 0) \($0.message)|\($0.hint ?? "")"
    }
    #expect(
      said == [
        "4 a step needs the key 'c'|",
        "6 a step has no key 'tiemout'|did you mean 'timeout'?",
      ])
  }

  @Test func whatWasRefusedIsNotComplainedAboutAgain() throws {
    let decoded = try decode("*gone") { $0.integer($1) }
    #expect(decoded.diagnostics.all.map(\.code.description) == ["yaml.unknown_anchor"])
  }

  @Test func diagnosticsReadAsCompilersWriteThem() throws {
    let decoded = try decode("yes") { $0.boolean($1) }
    #expect(
      decoded.diagnostics.description
        == "test.yaml:1:4: error: expected true or false, found 'yes' (runbook.wrong_type)\n  hint: write true"
    )
  }
}

@Suite struct NearestWordTests {
  @Test(arguments: [
    ("tiemout", "timeout"), ("time-out", "timeout"), ("runType", "run_type"),
    ("dependss", "depends"),
    ("target", "target"),
  ])
  func findsTypingMistakes(typed: String, meant: String) {
    #expect(NearestWord.find(typed, in: ["run_type", "timeout", "depends", "target"]) == meant)
  }

  @Test func saysNothingRatherThanNonsense() {
    #expect(NearestWord.find("banana", in: ["run_type", "timeout"]) == nil)
    #expect(NearestWord.find("", in: ["a"]) == nil)
    #expect(NearestWord.hint(for: "banana", in: ["a", "b"], called: "names") == "names: a, b")
  }

  @Test func distanceCountsASwapOnce() {
    func distance(_ left: String, _ right: String, _ limit: Int) -> Int? {
      NearestWord.distance(Array(left.utf8), Array(right.utf8), atMost: limit)
    }
    #expect(distance("ab", "ba", 1) == 1)
    #expect(distance("kitten", "sitting", 5) == 3)
    #expect(distance("kitten", "sitting", 2) == nil)
    #expect(distance("", "abc", 3) == 3)
    #expect(distance("abc", "", 2) == nil)
  }
}
