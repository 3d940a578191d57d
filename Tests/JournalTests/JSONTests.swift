import Foundation
import Journal
import Testing

struct JSONParsingTests {
  @Test(arguments: [
    "", " ", "nul", "truth", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity",
    "[1,]", "[1 2]", "[", "]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{'a':1}",
    "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"\n\"", "\"\u{1}\"", "1 2", "{} x", "// c\n1",
    "\u{FEFF}1",
  ])
  func refusesWhatIsNoJSON(text: String) {
    #expect(code { _ = try JSON(parsing: Data(text.utf8)) } == .malformed)
  }

  @Test(arguments: [
    #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"x":{"b":1,"c":2,"b":3}}"#,
    #"{"\u00e9":1,"e\u0301":2}"#,
  ])
  func refusesDuplicateKeys(text: String) {
    #expect(code { _ = try JSON(parsing: Data(text.utf8)) } == .malformed)
  }

  @Test(arguments: [
    #""\ud800""#, #""\udc00""#, #""\ud800x""#, #""\ud800\n""#, #""\ud800\u0041""#,
    #""\ud800\ud800""#, #"{"\udead":1}"#,
  ])
  func refusesLoneSurrogates(text: String) {
    #expect(code { _ = try JSON(parsing: Data(text.utf8)) } == .malformed)
  }

  @Test(
    arguments: [
      [0x80], [0xC0, 0xAF], [0xE2, 0x82], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
    ] as [[UInt8]])
  func refusesInvalidUTF8(bytes: [UInt8]) {
    #expect(code { _ = try JSON(parsing: Data([0x22] + bytes + [0x22])) } == .malformed)
    #expect(code { _ = try JSON(parsing: Data(bytes)) } == .malformed)
  }

  @Test(arguments: [
    "1e309", "-1e309", "1e-400", "9007199254740993", "-9007199254740993",
    "18446744073709551615", "123456789012345678901234567890",
  ])
  func refusesNumbersThatWouldChange(text: String) {
    #expect(code { _ = try JSON(parsing: Data(text.utf8)) } == .numberOutOfRange)
  }

  @Test func readsNumbersAsTheyAre() throws {
    #expect(try parse("9007199254740991") == .integer(9_007_199_254_740_991))
    #expect(try parse("-0").integerValue == 0)
    #expect(try parse("0e400") == 0)
    #expect(try parse("2.50E+1") == 25)
    #expect(try parse("-1.5e-3") == -0.0015)
  }

  @Test func readsSurrogatePairsAndEscapes() throws {
    #expect(try parse(#""\ud83d\ude00\/\b\f\n\r\t\"\\\u00e9""#) == "😀/\u{8}\u{C}\n\r\t\"\\é")
  }

  @Test func boundsTheDepth() throws {
    func brackets(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try parse(brackets(100)).arrayValue?.count == 1)
    #expect(code { _ = try parse(brackets(101)) } == .tooDeep)
    #expect(code { _ = try parse(String(repeating: "{\"a\":", count: 100_000)) } == .tooDeep)
  }

  @Test func saysWhereItStopped() {
    #expect(throws: JSONError.self) { try parse(#"{"a": tru}"#) }
    do {
      _ = try parse(#"{"a":1, "a":2}"#)
    } catch {
      #expect((error as? JSONError)?.offset == 8)
    }
  }

  private func parse(_ text: String) throws -> JSON {
    try JSON(parsing: Data(text.utf8))
  }
}

struct JSONValueTests {
  @Test func isEqualExactlyWhenItsBytesAre() throws {
    let values: [JSON] = [
      nil, true, false, 0, 1, 1.5, -1, "", "1", "é", "e\u{301}", [], [1], [1, 2], [:], ["é": 1],
      ["e\u{301}": 1], ["a": [:]], .number(1), .number(-0.0), .number(9_007_199_254_740_991),
      .integer(9_007_199_254_740_991),
    ]
    for left in values {
      for right in values {
        let sameBytes = try left.canonical == right.canonical
        #expect((left == right) == sameBytes, "\(left) and \(right)")
        if left == right { #expect(left.hashValue == right.hashValue) }
      }
    }
  }

  @Test func reachesIntoArraysAndObjects() {
    let value: JSON = ["hosts": ["a", "b"], "count": 2, "share": 0.5, "up": true, "none": nil]
    #expect(value["hosts"]?[1]?.stringValue == "b")
    #expect(value["hosts"]?[2] == nil)
    #expect(value["hosts"]?[-1] == nil)
    #expect(value["absent"] == nil)
    #expect(value["count"]?.integerValue == 2)
    #expect(value["count"]?.numberValue == 2)
    #expect(value["share"]?.integerValue == nil)
    #expect(value["up"]?.booleanValue == true)
    #expect(value["none"]?.isNull == true)
  }

  private struct Sample: Codable, Equatable {
    var name: String
    var size: Int
    var share: Double
    var missing: String?
    var at: Timestamp
    var digest: Digest
    var extra: JSON
  }

  @Test func carriesCodableValues() throws {
    let sample = Sample(
      name: "é", size: 3, share: 2, missing: nil, at: Timestamp(microsecondsSince1970: 1),
      digest: Digest(of: []), extra: ["a": [1, nil, "x", true, 1.5]])
    let json = try JSON(encoding: sample)
    #expect(json["at"] == "1970-01-01T00:00:00.000001Z")
    #expect(json["missing"] == nil)
    #expect(json["extra"]?["a"]?[1] == .null)
    #expect(try json.decode(Sample.self) == sample)
  }

  @Test func refusesWhatJSONCannotCarry() {
    #expect(code { _ = try JSON(encoding: Date(timeIntervalSince1970: 0)) } == .mismatched)
    #expect(code { _ = try JSON(encoding: Double.nan) } == .mismatched)
    #expect(code { _ = try JSON(encoding: Int64.max) } == .numberOutOfRange)
    #expect(code { let _: Sample = try JSON.object(["name": 1]).decode() } == .mismatched)
  }
}
