import Foundation
import Journal
import TestSupport
import Testing

/// RFC 8785, with the examples that the RFC itself gives.
struct CanonicalJSONTests {
  /// Appendix B: IEEE 754 bits and their text.
  static let numbers: [(bits: UInt64, text: String)] = [
    (0x0000_0000_0000_0000, "0"),
    (0x8000_0000_0000_0000, "0"),
    (0x0000_0000_0000_0001, "5e-324"),
    (0x8000_0000_0000_0001, "-5e-324"),
    (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
    (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
    (0x4340_0000_0000_0000, "9007199254740992"),
    (0xc340_0000_0000_0000, "-9007199254740992"),
    (0x4430_0000_0000_0000, "295147905179352830000"),
    (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
    (0x44b5_2d02_c7e1_4af6, "1e+23"),
    (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
    (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
    (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
    (0x444b_1ae4_d6e2_ef50, "1e+21"),
    (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
    (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
    (0x41b3_de43_5555_5553, "333333333.3333332"),
    (0x41b3_de43_5555_5554, "333333333.33333325"),
    (0x41b3_de43_5555_5555, "333333333.3333333"),
    (0x41b3_de43_5555_5556, "333333333.3333334"),
    (0x41b3_de43_5555_5557, "333333333.33333343"),
    (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
    (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
  ]

  @Test(arguments: numbers)
  func writesTheNumbersOfAppendixB(number: (bits: UInt64, text: String)) throws {
    let value = JSON.number(Double(bitPattern: number.bits))
    #expect(try text(value) == number.text)
    #expect(try text(JSON(parsing: Data(number.text.utf8))) == number.text)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func refusesWhatIsNoNumber(value: Double) {
    #expect(code { _ = try JSON.number(value).canonical } == .numberOutOfRange)
  }

  @Test(arguments: [9_007_199_254_740_992, -9_007_199_254_740_992, Int64.max, .min])
  func refusesIntegersThatADoubleWouldChange(value: Int64) {
    #expect(code { _ = try JSON.integer(value).canonical } == .numberOutOfRange)
  }

  /// §3.2.2 and the bytes of §3.2.4.
  @Test func writesTheExampleOfSection3() throws {
    let input = #"""
      {
        "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
        "literals": [null, true, false]
      }
      """#
    let expected = """
      7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b333333333333\
      3333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282\
      ac245c75303030665c6e4127425c225c5c5c5c5c222f227d
      """
    #expect(Hex.digits(of: try JSON(parsing: Data(input.utf8)).canonical) == expected)
  }

  /// §3.2.3: keys in the order of UTF-16 code units, which is not that of Unicode scalars.
  @Test func sortsTheKeysOfSection3() throws {
    let input = #"""
      {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\ud83d\ude00": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis"
      }
      """#
    let expected = [
      #"{"\r":"Carriage Return""#, #""1":"One""#, "\"\u{80}\":\"Control\"",
      #""ö":"Latin Small Letter O With Diaeresis""#, #""€":"Euro Sign""#,
      #""😀":"Emoji: Grinning Face""#, "\"\u{FB33}\":\"Hebrew Letter Dalet With Dagesh\"}",
    ].joined(separator: ",")
    #expect(try JSON(parsing: Data(input.utf8)).canonical == Data(expected.utf8))
  }

  @Test func escapesOnlyWhatMustBe() throws {
    let every = String(String.UnicodeScalarView((0..<0x20).map { Unicode.Scalar(UInt8($0)) }))
    let expected =
      #""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000b\f\r\u000e\u000f"#
      + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d"#
      + #"\u001e\u001f""#
    #expect(try text(.string(every)) == expected)
    #expect(try text("\u{7F}\u{2028}</é😀") == "\"\u{7F}\u{2028}</é😀\"")
  }

  /// RFC 8785 normalises no Unicode: both spellings of é stay what they are.
  @Test func keepsTheSpellingOfCharacters() throws {
    #expect(try JSON.string("e\u{301}").canonical == Data([0x22, 0x65, 0xCC, 0x81, 0x22]))
    #expect(try JSON.string("\u{E9}").canonical == Data([0x22, 0xC3, 0xA9, 0x22]))
  }

  @Test func readsBackEveryDoubleThatItWrites() throws {
    let seed = UInt64.random(in: .min ... .max)
    print("seed of readsBackEveryDoubleThatItWrites: \(seed)")
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let value = Double(bitPattern: generator.next())
      guard value.isFinite else { continue }
      let bytes = try JSON.number(value).canonical
      #expect(try JSON(parsing: bytes).numberValue == value, "\(value)")
      #expect(try JSON(parsing: bytes).canonical == bytes, "\(value)")
    }
  }

  @Test func isAsDeepAsItReads() throws {
    #expect(try nested(JSON.maximumDepth).canonical.count == 2 * JSON.maximumDepth)
    #expect(code { _ = try nested(JSON.maximumDepth + 1).canonical } == .tooDeep)
  }

  private func nested(_ depth: Int) -> JSON {
    (1..<depth).reduce(JSON.array([])) { inner, _ in .array([inner]) }
  }

  private func text(_ value: JSON) throws -> String {
    String(decoding: try value.canonical, as: UTF8.self)
  }
}

/// The code of the `JSONError` that `body` throws; nil when it throws none.
func code(_ body: () throws -> Void) -> JSONError.Code? {
  do {
    try body()
    return nil
  } catch {
    return (error as? JSONError)?.code
  }
}
