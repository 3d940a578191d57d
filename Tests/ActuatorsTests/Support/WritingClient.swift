import Foundation
import Testing

/// A client of two servers: inserts one number after the other wherever it is let, and notes what was acknowledged. It
/// ends with the pair, too: a test that fails before `end` leaves nobody behind.
struct WritingClient {
  struct Row: Hashable {
    let port: Int
    let number: Int
  }

  private static let script = """
    number=0
    while [ -d "$1" ] && [ ! -e "$1/client-ends" ]; do
      for port in $2 $3; do
        number=$((number + 1))
        PGCONNECT_TIMEOUT=2 psql -h 127.0.0.1 -p $port -U postgres -d scheduler -qAt \
          -c "INSERT INTO rows VALUES ($number)" >/dev/null 2>&1 && echo "$port $number" >> "$1/acknowledged"
      done
    done
    """

  private let process = Process()
  private let pair: PostgreSQLPair

  init(_ pair: PostgreSQLPair) throws {
    self.pair = pair
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", Self.script, "client", pair.directory]
      + PostgreSQLPair.sites.map { "\(pair.port($0))" }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  func acknowledged() throws -> [Row] {
    let file = "\(pair.directory)/acknowledged"
    guard FileManager.default.fileExists(atPath: file) else { return [] }
    return try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").compactMap {
      let words = $0.split(separator: " ").compactMap { Int($0) }
      return words.count == 2 ? Row(port: words[0], number: words[1]) : nil
    }
  }

  /// How many rows the site has acknowledged.
  func count(_ site: String) throws -> Int {
    try acknowledged().filter { $0.port == pair.port(site) }.count
  }

  func end() throws -> [Row] {
    #expect(FileManager.default.createFile(atPath: "\(pair.directory)/client-ends", contents: nil))
    process.waitUntilExit()
    return try acknowledged()
  }
}
