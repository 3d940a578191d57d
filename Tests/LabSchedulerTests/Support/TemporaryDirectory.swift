import Foundation

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
