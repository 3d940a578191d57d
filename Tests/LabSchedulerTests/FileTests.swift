import Foundation
import TestSupport
import Testing

@testable import LabScheduler

@Suite("Files that others replace meanwhile")
struct FileTests {
  @Test func aFileThatComesAndGoesIsThereOrNotAndNeverAnError() async throws {
    try await TemporaryDirectory.with { directory in
      let file = "\(directory)/head.json"
      let content = Data("{}".utf8)
      let source = Task.detached {
        while !Task.isCancelled {
          try content.write(to: URL(fileURLWithPath: file), options: .atomic)
          try File.remove(file)
        }
      }
      do {
        var seen: Set<Data?> = []
        for _ in 0..<20_000 { seen.insert(try File.readIfPresent(file)) }
        try await eventually("it has been there, and it has not") {
          seen.insert(try File.readIfPresent(file))
          return seen == [nil, content]
        }
      } catch {
        Issue.record(error)
      }
      source.cancel()
      try await source.value
    }
  }
}
