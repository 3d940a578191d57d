internal import Foundation

/// What of an entry is kept beside its bytes, to find it by.
struct EntryHeading: Equatable {
  let index: Int
  let kind: String
  let run: String?

  init(_ entry: Entry) {
    index = entry.index
    kind = entry.kind
    run = entry.run
  }

  /// The heading of an entry in its canonical bytes, of the plain kind that nearly all are, without reading what it
  /// states. Nil doesn't mean that it is none: reading it in full, by `Entry(canonical:)`, tells.
  init?(scanning bytes: Data) {
    let heading = bytes.withUnsafeBytes { (raw: UnsafeRawBufferPointer) -> EntryHeading? in
      let text = raw.bindMemory(to: UInt8.self)
      var scanner = CanonicalScanner(text)
      func string(_ range: Range<Int>) -> String? {
        // An escape is to be read in full.
        text[range].contains(UInt8(ascii: "\\"))
          ? nil : String(decoding: text[range], as: UTF8.self)
      }
      guard scanner.skip(literal: "{\"at\":"), let at = scanner.skipString().flatMap(string),
        Timestamp(at) != nil, scanner.skip(literal: ",\"body\":"), scanner.skipValue(depth: 1),
        scanner.skip(literal: ",\"epoch\":"), let epoch = scanner.skipInteger(), epoch >= 0,
        scanner.skip(literal: ",\"index\":"), let index = scanner.skipInteger(), index >= 0,
        scanner.skip(literal: ",\"kind\":"), let kind = scanner.skipString().flatMap(string),
        scanner.skip(literal: ",\"run\":")
      else { return nil }
      var run: String?
      if !scanner.skip(literal: "null") {
        guard let name = scanner.skipString().flatMap(string) else { return nil }
        run = name
      }
      guard scanner.skip(literal: ",\"step\":"),
        scanner.skip(literal: "null") || scanner.skipString() != nil,
        scanner.skip(literal: ",\"v\":1}"), scanner.isAtEnd
      else { return nil }
      return EntryHeading(index: Int(index), kind: kind, run: run)
    }
    guard let heading else { return nil }
    self = heading
  }

  private init(index: Int, kind: String, run: String?) {
    self.index = index
    self.kind = kind
    self.run = run
  }
}
