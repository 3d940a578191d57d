import Foundation
import Testing

/// What an auditor does with the journal of real runs, and what somebody does who wants it otherwise.
@Suite("The journal's evidence")
struct EvidenceTests {
  @Test("checkpoints, witnesses and proofs of a failover, by other people's programs too")
  func accepted() async throws {
    try await EvidenceLab.with { lab in
      let rehearsed = try await lab.run.lifeboat(["rehearse", lab.runbook])
      #expect(rehearsed.code == 0, "\(rehearsed)")
      #expect(try lab.copies().isEmpty, "a rehearsal hands out nothing")
      #expect(try lab.own().count == 1)
      try await lab.failover()
      #expect(try lab.copies().map(\.lastPathComponent) == lab.own().map(\.lastPathComponent))

      let key = try await lab.key()
      let verified = try await lab.verify(["--key", key, "--witness", "shared"])
      #expect(verified.code == 0, "\(verified)")
      let found = try lab.json(verified)
      let size = try #require(found["size"] as? Int)
      #expect(found["signed"] as? Int == size, "the last checkpoint is of all of it")

      let independent = try await lab.python(
        [lab.journal, "--key", key] + lab.copies().flatMap { ["--checkpoint", $0.path] })
      #expect(independent.code == 0, "\(independent)")
      #expect(try lab.json(independent)["root"] as? String == found["root"] as? String)

      let go = try await lab.goProgram()
      let first = try #require(Int(try lab.own()[0].deletingPathExtension().lastPathComponent))
      for proof in [
        ["prove", "0"], ["prove", "\(size / 2)"], ["prove", "\(size - 1)"],
        ["consistency", "\(first)", "\(size)"], ["consistency", "\(size)"],
      ] {
        let file = try await lab.prove(proof)
        let checked = try await lab.checkProof(file, key)
        #expect(checked.code == 0, "\(proof): \(checked)")
        let byPython = try await lab.python(["--proof", file, "--key", key])
        #expect(byPython.code == 0, "\(proof): \(byPython)")
        let byGo = try await run(go, [file, key])
        #expect(byGo.code == 0, "\(proof): \(byGo)")
        try await expectRefused(file, lab, key, go)
      }
    }
  }

  /// A proof in which one digit differs proves nothing, whoever checks it.
  private func expectRefused(
    _ file: String, _ lab: EvidenceLab, _ key: String, _ go: String
  ) async throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let wanted = text.contains("\"path\":[\"") ? "\"path\":[\"sha256:" : "root\":\"sha256:"
    let place = try #require(text.range(of: wanted)).upperBound
    var forged = text
    forged.replaceSubrange(place...place, with: text[place] == "0" ? "1" : "0")
    let forgery = file + ".forged"
    try forged.write(toFile: forgery, atomically: true, encoding: .utf8)
    #expect(try await lab.checkProof(forgery, key).code == 9)
    #expect(try await lab.python(["--proof", forgery, "--key", key]).code == 1)
    // Go's takes the roots from the checkpoints, and only the path from the proof.
    if wanted.contains("path") { #expect(try await run(go, [forgery, key]).code == 1) }
  }

  @Test("restored from an older copy: found by the witness, said by the next run, not signed for")
  func restored() async throws {
    try await EvidenceLab.with { lab in
      #expect(try await lab.run.lifeboat(["rehearse", lab.runbook]).code == 0)
      let older = lab.run.home + ".older"
      try FileManager.default.copyItem(atPath: lab.run.home, toPath: older)
      try await lab.failover()
      let key = try await lab.key()
      try FileManager.default.removeItem(atPath: lab.run.home)
      try FileManager.default.moveItem(atPath: older, toPath: lab.run.home)

      #expect(try await lab.verify(["--key", key]).code == 0, "it agrees with itself")
      let found = try await lab.verify(["--key", key, "--witness", "shared"])
      #expect(found.code == 9, "\(found)")
      let size = try #require(try lab.json(found)["size"] as? Int)
      #expect(try lab.json(found)["trusted"] as? Int == size)
      let text = try await lab.run.lifeboat(["audit", "verify", "--witness", lab.witness])
      #expect(text.output.contains("first entry that can't be trusted: \(size)"), "\(text)")

      // It goes on all the same, and grows past what the witness saw.
      let again = try await lab.run.lifeboat(
        ["execute", lab.runbook] + TestLab.attestation)
      #expect(again.code == 0, "\(again)")
      #expect(again.error.contains("witness shared"), "\(again)")
      let rewritten = try await lab.verify(["--witness", "shared"])
      #expect(rewritten.code == 9, "\(rewritten)")
    }
  }

  @Test("a witness that can't be reached holds nothing up, and gets its copies later")
  func unreachable() async throws {
    try await EvidenceLab.with { lab in
      try FileManager.default.removeItem(atPath: lab.witness)
      let ran = try await lab.failover()
      #expect(ran.error.contains("the witness shared has not got"), "\(ran)")
      let waiting = try await lab.run.lifeboat(["audit", "checkpoint"])
      #expect(waiting.code == 1, "\(waiting)")
      #expect(!FileManager.default.fileExists(atPath: lab.witness), "a share is not made")
      try FileManager.default.createDirectory(
        atPath: lab.witness, withIntermediateDirectories: false)
      let delivered = try await lab.run.lifeboat(["audit", "checkpoint"])
      #expect(delivered.code == 0, "\(delivered)")
      #expect(try lab.copies().map(\.lastPathComponent) == lab.own().map(\.lastPathComponent))
      #expect(try await lab.verify(["--witness", lab.witness]).code == 0)
    }
  }

  @Test("keys: rotated with continuity, exported, and one from elsewhere is none of them")
  func keys() async throws {
    try await EvidenceLab.with { lab in
      #expect(try await lab.run.lifeboat(["rehearse", lab.runbook]).code == 0)
      let first = try await lab.key()
      #expect(try await lab.run.lifeboat(["audit", "keys", "rotate"]).code == 0)
      let second = try await lab.key()
      #expect(first != second)
      #expect(try await lab.run.lifeboat(["audit", "checkpoint"]).code == 0)
      for key in [first, second] {
        let verified = try await lab.verify(["--key", key, "--witness", "shared"])
        #expect(verified.code == 0, "\(verified)")
        #expect(
          try await lab.python(
            [lab.journal, "--key", key] + lab.own().flatMap { ["--checkpoint", $0.path] }
          ).code == 0)
      }
      let strange = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
      let found = try await lab.verify(["--key", strange])
      #expect(found.code == 9, "\(found)")
      let twice = try await lab.run.lifeboat(["audit", "keys", "create", "--name", "other"])
      #expect(twice.code == 8, "\(twice)")
    }
  }
}

/// A lab whose inventory names a witness: a directory beside it.
private struct EvidenceLab {
  let run: TestLab
  let witness: String

  var runbook: String { Programs.runbook("scheduler-failover") }
  var journal: String { run.home + "/journal.sqlite" }

  static func with(_ body: (EvidenceLab) async throws -> Void) async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      let witness = lab.home + ".witness"
      try FileManager.default.createDirectory(
        atPath: witness, withIntermediateDirectories: false)
      let sites = try String(contentsOfFile: lab.inventory, encoding: .utf8)
      try (sites + "\nwitnesses:\n  shared: { kind: path, directory: \"\(witness)\" }\n")
        .write(toFile: lab.inventory, atomically: true, encoding: .utf8)
      try await body(EvidenceLab(run: lab, witness: witness))
    }
  }

  @discardableResult
  func failover() async throws -> Ran {
    try await run.strikeProduction()
    let ran = try await run.failover()
    try #require(ran.code == 0, "\(ran)")
    return ran
  }

  func key() async throws -> String {
    let ran = try await run.lifeboat(["audit", "keys", "export"])
    try #require(ran.code == 0, "\(ran)")
    return ran.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  func verify(_ options: [String]) async throws -> Ran {
    try await run.lifeboat(["audit", "verify", "--output", "json"] + options)
  }

  func prove(_ what: [String]) async throws -> String {
    let ran = try await run.lifeboat(["audit"] + what + ["--output", "json"])
    try #require(ran.code == 0, "\(ran)")
    let file = run.home + "." + what.joined(separator: "-")
    try ran.output.write(toFile: file, atomically: true, encoding: .utf8)
    return file
  }

  /// With no journal at hand.
  func checkProof(_ file: String, _ key: String) async throws -> Ran {
    try await LifeboatTests.run(
      Programs.lifeboat, ["audit", "check-proof", file, "--key", key],
      environment: ["LIFEBOAT_HOME": "/nonexistent"])
  }

  /// A verifier that isn't ours to begin with: docs/journal-format.md in another language.
  func python(_ arguments: [String]) async throws -> Ran {
    let script = Programs.root.appendingPathComponent("Fixtures/verifiers/verify_journal.py").path
    return try await LifeboatTests.run("/usr/bin/python3", [script] + arguments)
  }

  /// Go's golang.org/x/mod/sumdb, from Debian.
  func goProgram() async throws -> String {
    let program = run.home + ".check_proof"
    let source = Programs.root.appendingPathComponent("Fixtures/verifiers/check_proof.go").path
    let built = try await LifeboatTests.run(
      "go", ["build", "-o", program, source],
      environment: [
        "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": run.home + ".go-cache",
      ])
    try #require(built.code == 0, "\(built)")
    return program
  }

  func own() throws -> [URL] { try files(in: run.home + "/checkpoints") }
  func copies() throws -> [URL] { try files(in: witness) }

  private func files(in directory: String) throws -> [URL] {
    let paths = FileManager.default.subpaths(atPath: directory) ?? []
    return paths.filter { $0.hasSuffix(".checkpoint") }.sorted().map {
      URL(filePath: directory).appending(path: $0)
    }
  }

  func json(_ ran: Ran) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(ran.output.utf8)) as? [String: Any])
  }
}
