import Foundation
import Testing

/// Waits for what another process brings about, by asking again and again until a deadline that
/// only a defect reaches.
func eventually(
  _ what: String, within seconds: Double = 20, sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(seconds)
  while try await !condition() {
    try #require(clock.now < deadline, "not seen: \(what)", sourceLocation: sourceLocation)
    try await Task.sleep(for: .milliseconds(10))
  }
}

enum TemporaryDirectory {
  static func with(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("lab-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let result: Result<Void, any Error>
    do { result = .success(try await body(directory.path)) } catch { result = .failure(error) }
    try FileManager.default.removeItem(at: directory)
    try result.get()
  }
}
