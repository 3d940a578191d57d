import Testing

@testable import Runbook

@Suite struct YAMLReaderTests {
  @Test func positionsCountLinesAndUnicodeScalarsFromOne() throws {
    let root = try #require(Reading("a: 1\nλé: [x, {y: z}]\n").root)
    #expect(root.position == SourcePosition(line: 1, column: 1))
    #expect(root["a"]?.position == SourcePosition(line: 1, column: 4))
    let list = try #require(root["λé"])
    #expect(list.position == SourcePosition(line: 2, column: 5))
    #expect(list[1]?["y"]?.position == SourcePosition(line: 2, column: 13))
  }

  @Test func aByteOrderMarkMovesNothing() throws {
    let root = try #require(Reading("\u{FEFF}a: 1\n").root)
    #expect(root["a"]?.position == SourcePosition(line: 1, column: 4))
  }

  @Test func scalarsStayText() throws {
    let root = try #require(Reading("a: on\nb: 017\nc: 1:30\nd: 'on'\ne: |\n  x\n  y\nf:\n").root)
    #expect(root["a"]?.scalar == YAMLScalar(text: "on", isQuoted: false))
    #expect(root["b"]?.text == "017")
    #expect(root["c"]?.text == "1:30")
    #expect(root["d"]?.scalar == YAMLScalar(text: "on", isQuoted: true))
    #expect(root["e"]?.text == "x\ny\n")
    #expect(root["f"]?.scalar?.isNull == true)
  }

  @Test func aliasesHaveTheirOwnPosition() throws {
    let root = try #require(Reading("a: &x [1, 2]\nb: *x\nc: &s word\nd: *s\n").root)
    #expect(root["b"]?.position == SourcePosition(line: 2, column: 4))
    #expect(root["b"]?[1]?.text == "2")
    #expect(root["d"]?.text == "word")
  }

  @Test(arguments: [
    ("a: !x 1\n", "1:4 yaml.tag"),
    ("a: !!str 1\n", "1:4 yaml.tag"),
    ("a: &x {b: 1}\nc:\n  <<: *x\n", "3:3 yaml.merge_key"),
    ("? [a, b]\n: 1\n", "1:3 yaml.complex_key"),
    ("a: &x b\n*x : 1\n", "2:1 yaml.alias_as_key"),
    ("a: 1\nb: 2\na: 3\n", "3:1 yaml.duplicate_key"),
    ("a: &x 1\nb: &x 2\n", "2:4 yaml.duplicate_anchor"),
    ("a: *nothing\n", "1:4 yaml.unknown_anchor"),
    ("a: &x [1, *x]\n", "1:11 yaml.recursive_alias"),
    ("a: 1\n---\nb: 2\n", "2:1 yaml.several_documents"),
    ("", "1:1 yaml.empty"),
    ("# nothing but a comment\n", "1:1 yaml.empty"),
    ("---\n...\n", "1:1 yaml.empty"),
    ("a:\n\tb: 1\n", "2:1 yaml.syntax"),
    ("a: b: c\n", "1:5 yaml.syntax"),
    ("a: 'open\n", "1:4 yaml.syntax"),
    ("a: [1, 2\nb: 3\n", "2:2 yaml.syntax"),
    ("a: @x\n", "1:4 yaml.syntax"),
    ("- a\nb: 1\n", "2:1 yaml.syntax"),
  ])
  func refusesWithAPlace(text: String, said: String) {
    #expect(Reading(text).said == [said])
  }

  @Test func aDuplicateKeyNamesTheLineOfTheFirst() throws {
    let diagnostic = try #require(Reading("x:\n  a: 1\n  b: 2\n  a: 3\n").diagnostics.all.first)
    #expect(diagnostic.message.contains("first on line 2"))
  }

  @Test func aReferenceInBracesIsToldToBeQuoted() throws {
    let diagnostic = try #require(Reading("with: { to: ${to} }\n").diagnostics.all.first)
    #expect(diagnostic.position == SourcePosition(line: 1, column: 13))
    #expect(diagnostic.hint?.contains("\"${…}\"") == true)
  }

  @Test func allFaultsThatDontStopItAreSaid() {
    let reading = Reading("a: !t 1\na: 2\nb: *x\n")
    #expect(reading.said == ["1:4 yaml.tag", "2:1 yaml.duplicate_key", "3:4 yaml.unknown_anchor"])
    #expect(reading.root != nil)
  }
}
