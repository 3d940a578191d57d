import Foundation
import TestSupport
import Testing

@Suite("A step that nobody can tell of stops for a person")
struct DoubtTests {
  /// Appends a line to a file, once: done again, it would be there twice.
  private func runbook(_ lab: TestLab) throws -> String {
    try lab.runbook(
      """
      runbook: append-once
      description: Something that may not be done twice.
      run_type: upgrade
      steps:
        - id: append
          action: command.run
          target: dr.scheduler
          with:
            command: [tee, -a, "\(lab.lab)/letters"]
            stdin: "dear customer"
            unless: [test, -e, "\(lab.lab)/sent"]
          approval: { prompt: "Send the letters?", required: 1 }
      """)
  }

  private func letters(_ lab: TestLab) -> Int {
    let data = FileManager.default.contents(atPath: lab.lab + "/letters") ?? Data()
    return String(decoding: data, as: UTF8.self).components(separatedBy: "dear").count - 1
  }

  @Test("killed while it was done: in doubt, and done again only when somebody says so")
  func redo() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = try runbook(lab)
      let killed = try await lab.lifeboat(
        ["execute", runbook, "--approve", "append=go"], crashAt: "append:act.after")
      #expect(killed.code == 137, "\(killed)")
      #expect(letters(lab) == 1)

      let resumed = try await lab.lifeboat(["resume"])
      #expect(resumed.code == 3, "\(resumed)")
      #expect(letters(lab) == 1, "it must not be done again unasked")
      #expect(try await lab.lifeboat(["explain"]).output.contains("--redo append="))

      // Again killed in the middle: the answer was for the try before.
      let redone = try await lab.lifeboat(
        ["resume", "--redo", "append=the first letter never left"], crashAt: "append:act.after")
      #expect(redone.code == 137, "\(redone)")
      #expect(letters(lab) == 2)
      #expect(try await lab.lifeboat(["resume"]).code == 3)
      #expect(letters(lab) == 2)

      // Done by hand: looking suffices.
      #expect(FileManager.default.createFile(atPath: lab.lab + "/sent", contents: nil))
      #expect(try await lab.lifeboat(["resume"]).code == 0)
      #expect(letters(lab) == 2)
      try lab.removeFiles(["letters", "sent"])
    }
  }

  @Test("an approval is asked only where something would be done")
  func approval() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let runbook = try runbook(lab)
      let waiting = try await lab.lifeboat(["execute", runbook])
      #expect(waiting.code == 4, "\(waiting)")
      #expect(letters(lab) == 0)
      #expect(FileManager.default.createFile(atPath: lab.lab + "/sent", contents: nil))
      let again = try await lab.lifeboat(["execute", runbook])
      #expect(again.code == 0, "\(again)")
      #expect(letters(lab) == 0)
      try lab.removeFiles(["sent"])
    }
  }
}
