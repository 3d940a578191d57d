import Engine
import Foundation
import Journal
import Runbook
import Testing

@Suite("Who may run its scheduler, told by the journals of real runs")
struct PermitTests {
  @Test("a failover moves it; production that comes back is refused")
  func failover() async throws {
    try await TestLab.with(CrashMatrixTests.labOptions) { lab in
      try await lab.waitForJobs(at: "production")
      let before = try await lab.lifeboat(["permit", "--site", "production"])
      #expect(before.code == 10, "without a journal nobody is permitted: \(before)")
      try await lab.strikeProduction()
      let killed = try await lab.failover(crashAt: "reverse-replication:act.after")
      #expect(killed.code == 137)
      // The new primary's database must come up again by itself, whatever becomes of the run.
      #expect(try await lab.lifeboat(["permit", "--site", "production"]).code == 10)
      #expect(try await lab.lifeboat(["permit", "--site", "dr"]).code == 0)
      #expect(try await lab.lifeboat(["resume"] + TestLab.attestation).code == 0)
      let production = try await lab.lifeboat(
        ["permit", "--site", "production"])
      #expect(production.code == 10)
      #expect(production.output.contains("dr may"))
      #expect(try await lab.lifeboat(["permit", "--site", "dr"]).code == 0)
      try await lab.expectOnePermitAtEveryPrefix(endingAt: "dr")
    }
  }
}

extension TestLab {
  /// Reads the journal entry by entry: at no prefix may two sites run their schedulers.
  func expectOnePermitAtEveryPrefix(endingAt site: String) async throws {
    let described = try Inventory(reading: SourceText(contentsOf: inventory))
    let journal = try Journal.openForReading(directory: home)
    var ledger = try PermitLedger(described)
    for entry in try await journal.entries().collect() {
      try ledger.take(entry)
      #expect(ledger.sites.filter(ledger.permits).count <= 1, "after entry \(entry.index)")
    }
    try journal.close()
    #expect(ledger.permits(site))
  }
}
