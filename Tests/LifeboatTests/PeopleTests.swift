import Foundation
import Journal
import Testing

@Suite("Who answers gates, by real accounts and real keys")
struct PeopleTests {
  private static let group: gid_t = 60
  private static let ann: uid_t = 1
  private static let bob: uid_t = 2
  private static let twoPeople =
    "  - { id: go, action: gate.approval, with: { prompt: \"Go?\", required: 2 } }"
  private static let yes = ["--approve", "go=yes"]

  /// Another account can be had by root alone.
  static let isRoot = geteuid() == 0

  private func resume(
    _ desk: Desk, as uid: uid_t, login: uid_t?, _ environment: [String: String] = [:]
  ) async throws -> Ran {
    try await desk.lifeboat(
      ["resume"] + Self.yes, as: uid, group: Self.group, login: login, environment: environment)
  }

  @Test("two means two accounts; a name in SUDO_USER makes no second person", .enabled(if: isRoot))
  func twoAccounts() async throws {
    try await Desk.with(group: Self.group, steps: Self.twoPeople) { desk in
      let first = try await desk.lifeboat(
        desk.execute + Self.yes, as: Self.ann, group: Self.group, login: nil)
      #expect(first.code == 4, "\(first)")
      for (uid, claim) in [
        (Self.ann, nil), (Self.ann, "bin"), (0, nil), (0, "bin"), (0, "daemon"),
        // Behind sudo from the first account.
        (Self.bob, "daemon"),
      ] as [(uid_t, String?)] {
        let again = try await resume(
          desk, as: uid, login: nil, claim.map { ["SUDO_USER": $0] } ?? [:])
        #expect(again.code == 4, "\(uid) \(claim ?? ""): \(again)")
        #expect(again.output.contains("can't be told from those who did"), "\(again)")
      }
      let second = try await resume(desk, as: Self.bob, login: nil)
      #expect(second.code == 0, "\(second)")
      #expect(
        !second.error.contains("no checkpoint"), "who shares the state shares the key: \(second)")
      let people = try await desk.answers().compactMap { $0["person"] as? [String: Any] }
      #expect(people.compactMap { $0["user"] as? String } == ["daemon", "bin"])
      #expect(people.compactMap { $0["uid"] as? Int } == [1, 2])
    }
  }

  @Test("who logged in counts, whoever he became since", .enabled(if: isRoot))
  func logins() async throws {
    try await Desk.with(group: Self.group, steps: Self.twoPeople) { desk in
      let first = try await desk.lifeboat(
        desk.execute + Self.yes, as: Self.ann, group: Self.group, login: Self.ann,
        environment: ["SSH_CONNECTION": "203.0.113.7 50022 192.0.2.1 22"])
      #expect(first.code == 4, "\(first)")
      // su to the other account; root, with and without another's name; a login as root, who may be anybody.
      #expect(try await resume(desk, as: Self.bob, login: Self.ann).code == 4)
      #expect(try await resume(desk, as: 0, login: Self.ann, ["SUDO_USER": "bin"]).code == 4)
      #expect(try await resume(desk, as: 0, login: 0).code == 4)
      #expect(try await resume(desk, as: Self.bob, login: 0).code == 4)
      let second = try await resume(desk, as: 0, login: Self.bob, ["SUDO_USER": "daemon"])
      #expect(second.code == 0, "\(second)")
      let people = try await desk.answers().compactMap { $0["person"] as? [String: Any] }
      #expect(people.compactMap { $0["login_user"] as? String } == ["daemon", "bin"])
      #expect(people.compactMap { $0["login_uid"] as? Int } == [1, 2])
      #expect(people.map { $0["client"] as? String } == ["203.0.113.7", nil])
    }
  }

  @Test("an approval for another plan doesn't count")
  func anotherPlan() async throws {
    try await Desk.with(steps: Self.twoPeople) { desk in
      #expect(try await desk.lifeboat(desk.execute + Self.yes).code == 4)
      let text = try String(contentsOfFile: desk.runbook, encoding: .utf8)
      try desk.write(text.replacing("Go?", with: "Go on?"), to: desk.runbook)
      let changed = try await desk.lifeboat(["resume"] + Self.yes)
      #expect(changed.code == 2, "\(changed)")
      #expect(changed.error.contains("run.step_changed"))
      #expect(try await desk.answers().count == 1)
    }
  }

  // MARK: - Signatures

  private static func signed(by people: Int) -> String {
    "  - { id: go, action: gate.approval, with: { prompt: Go?, required: \(people), signed: true } }"
  }

  private func withKeys(
    steps: String = signed(by: 2), _ body: (Desk) async throws -> Void
  ) async throws {
    let signers = FileManager.default.temporaryDirectory.path + "/signers-\(UUID().uuidString)"
    try await Desk.with(
      steps: steps, inventory: "people: { allowed_signers: \(signers) }"
    ) { desk in
      var lines = ""
      for name in ["ann", "bob", "eve"] {
        let made = try await run(
          "ssh-keygen",
          ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "\(desk.base)/\(name)"])
        try #require(made.code == 0, "\(made)")
        let key = try String(contentsOfFile: "\(desk.base)/\(name).pub", encoding: .utf8)
        if name != "eve" { lines += "\(name)@example.com namespaces=\"lifeboat-gate@v1\" \(key)" }
      }
      try desk.write(lines, to: signers)
      defer {
        do { try FileManager.default.removeItem(atPath: signers) } catch { Issue.record(error) }
      }
      try await body(desk)
    }
  }

  private func answer(_ desk: Desk, key: String?) async throws -> Ran {
    try await desk.lifeboat(
      ["resume"] + Self.yes + (key.map { ["--signing-key", "\(desk.base)/\($0)"] } ?? []))
  }

  @Test("where signatures are demanded, two known keys have to sign; under one account, too")
  func signatures() async throws {
    try await withKeys { desk in
      #expect(try await desk.lifeboat(desk.execute).code == 4)
      for key in [nil, "eve", "ann", "ann", "eve"] {
        let ran = try await answer(desk, key: key)
        #expect(ran.code == 4, "\(key ?? "none"): \(ran)")
      }
      let done = try await answer(desk, key: "bob")
      #expect(done.code == 0, "\(done)")
      #expect(done.output.contains("signed with the key of bob@example.com"))
      let review = try await desk.lifeboat(["audit", "people"])
      #expect(review.code == 11, "an answer that nobody known signed is shown: \(review)")
      #expect(review.output.contains("signed with the key of ann@example.com"))
      #expect(review.output.contains("SIGNATURE DOES NOT HOLD"))
    }
  }

  @Test("an approval of a step that must be signed, and a consent of it, count signed alone")
  func oneSignature() async throws {
    let step = """
        - id: go
          action: command.run
          target: here.one
          with: { command: [touch, BASE/done], unless: [test, -e, BASE/done] }
          approval: { prompt: Go?, signed: true }
      """
    for steps in [step, Self.signed(by: 1)] {
      try await withKeys(steps: steps) { desk in
        let text = try String(contentsOfFile: desk.runbook, encoding: .utf8)
        try desk.write(text.replacing("BASE", with: desk.base), to: desk.runbook)
        #expect(try await desk.lifeboat(desk.execute + Self.yes).code == 4)
        let unknown = try await answer(desk, key: "eve")
        #expect(unknown.code == 4, "\(unknown)")
        #expect(unknown.output.contains("isn't signed with a key"))
        #expect(try await answer(desk, key: "ann").code == 0)
      }
    }
  }

  /// Whoever can write the journal has signatures of earlier runs at hand.
  @Test("a signature on an answer of another run, or on other words, doesn't count")
  func replayed() async throws {
    try await withKeys(steps: Self.signed(by: 1)) { desk in
      let key = ["--signing-key", desk.base + "/ann"]
      #expect(try await desk.lifeboat(desk.execute + Self.yes + key).code == 0)
      #expect(try await desk.lifeboat(desk.execute).code == 4)
      let journal = try Journal.open(directory: desk.home)
      let entries = try await journal.entries().collect()
      let answer = try #require(entries.last { $0.kind == GateAnswered.kind })
      let run = try #require(entries.last { $0.kind == RunStarted.kind }?.run)
      try await journal.append(
        EntryDraft(
          at: answer.at, kind: answer.kind, run: run, step: answer.step, body: answer.body,
          needsLease: false), under: nil)
      try journal.close()
      let resumed = try await desk.lifeboat(["resume"])
      #expect(resumed.code == 4, "\(resumed)")
      let review = try await desk.lifeboat(["audit", "people"])
      #expect(review.code == 11, "\(review)")
    }
  }

  @Test("a key that doesn't exist stops the step, and nothing counts")
  func noSuchKey() async throws {
    try await withKeys { desk in
      #expect(try await desk.lifeboat(desk.execute).code == 4)
      let ran = try await answer(desk, key: "nobody")
      #expect(ran.code == 1, "\(ran)")
      #expect(ran.output.contains("gate.not_signed"))
      #expect(try await desk.answers().isEmpty)
    }
  }

  /// What is signed is one answer: to this run's question, in these words.
  @Test("ssh-keygen alone verifies a signature, over what the entry says")
  func verifiedByHand() async throws {
    try await withKeys { desk in
      #expect(try await desk.lifeboat(desk.execute).code == 4)
      #expect(try await answer(desk, key: "ann").code == 4)
      let shown = try await desk.lifeboat(["audit", "show", "--output", "json"])
      let line = try #require(
        shown.output.split(separator: "\n").last { $0.contains("\"armored\"") })
      try desk.write(String(line), to: desk.base + "/entry")
      let script = """
        import json, sys
        entry = json.load(open(sys.argv[1] + "/entry"))
        signature = entry["body"].pop("signature")
        open(sys.argv[1] + "/sig", "w").write(signature["armored"])
        if len(sys.argv) > 2: entry["body"]["words"] = sys.argv[2]
        print(json.dumps({"at": signature["at"], "body": entry["body"], "run": entry["run"],
          "step": entry["step"]}, sort_keys=True, separators=(",", ":"), ensure_ascii=False), end="")
        """
      for (words, isValid) in [([], true), (["no"], false)] as [([String], Bool)] {
        let statement = try await run("python3", ["-c", script, desk.base] + words)
        try desk.write(statement.output, to: desk.base + "/statement")
        let verified = try await run(
          "sh",
          [
            "-c",
            "cd \"$0\" && ssh-keygen -Y verify -f \"$(sed -n 's/.*allowed_signers: \\(.*\\) }/\\1/p' sites.yaml)\" -I ann@example.com -n lifeboat-gate@v1 -s sig < statement",
            desk.base,
          ])
        #expect((verified.code == 0) == isValid, "\(verified)")
      }
    }
  }
}
