import Foundation
import Testing

@testable import LabScheduler

@Suite("Forms of text")
struct TextFormTests {
  @Test(arguments: [("200ms", 200), ("1s", 1000), ("1.5s", 1500), ("2m", 120_000)])
  func intervals(text: String, milliseconds: Int64) {
    #expect(Interval(text)?.milliseconds == milliseconds)
  }

  @Test(arguments: ["", "s", "1", "-1s", "0s", "nans", "infs", "1h", "1e99s", "1 s"])
  func noIntervals(text: String) {
    #expect(Interval(text) == nil)
  }

  @Test func timestampsKeepTheirMillisecond() {
    #expect(Timestamp(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
    for milliseconds in stride(from: Int64(1_795_000_000_000), to: 1_795_000_002_000, by: 1) {
      let timestamp = Timestamp(milliseconds: milliseconds)
      #expect(Timestamp(timestamp.description) == timestamp)
    }
  }

  @Test func failoverConfigIsTheDomainsXML() throws {
    let config = FailoverConfig(
      primary: "Server1", secondary: "Server2", port: 4773,
      interval: Interval(milliseconds: 60_000))
    let text = String(decoding: config.xml, as: UTF8.self)
    #expect(
      text == """
        <FailoverConfig><Primary>Server1</Primary><Secondary>Server2</Secondary>\
        <Port>4773</Port><Interval>60</Interval></FailoverConfig>

        """)
  }

  @Test func digestsAreSHA256() throws {
    // FIPS 180-2, appendix B.1
    #expect(
      try SHA256.hexadecimal(Data("abc".utf8))
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
  }
}
