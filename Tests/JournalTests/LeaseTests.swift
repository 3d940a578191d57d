import Foundation
import Synchronization
import Testing

@testable import Journal

struct LeaseTests {
  let directory: TemporaryDirectory
  /// What the stand-in for `/proc` says of each user's holder; alive unless set.
  let liveness = LivenessByUser()
  let now = Timestamp(microsecondsSince1970: 1_795_000_000_000_000)

  init() throws {
    directory = try TemporaryDirectory()
  }

  private func open() throws -> Journal {
    let store = try SQLiteJournalStore.open(directory: directory.path)
    return Journal(store: store, isAlive: HolderCheck { [liveness] in liveness[$0.user] })
  }

  private func holder(_ user: String) -> Holder {
    Holder(
      host: "ops-1", pid: 4711, processStart: 1, bootID: "boot", pidNamespace: "pid:[1]",
      user: user)
  }

  private func acquire(
    _ scopes: Set<String>, _ user: String, in journal: Journal, at time: Timestamp? = nil
  ) async throws -> Lease {
    let time = time ?? now
    return try await journal.acquire(
      scopes, for: holder(user), at: time, until: time.advanced(by: .seconds(60)))
  }

  private var leased: EntryDraft {
    EntryDraft(at: now, kind: "step.intent", run: "r-1", step: "stop")
  }

  @Test func givesRisingEpochsForEver() async throws {
    let journal = try open()
    let first = try await acquire(["production", "dr"], "ann", in: journal)
    #expect(first.epoch == 1)
    #expect(first.scopes == ["dr", "production"])
    #expect(try await journal.append(leased, under: first).epoch == 1)
    try await journal.release(first)
    try journal.close()

    let reopened = try open()
    let second = try await acquire(["dr"], "bob", in: reopened)
    #expect(second.epoch == 2)
    #expect(second.replaced == [])
    let other = try await acquire(["lab"], "cid", in: reopened)
    #expect(other.epoch == 3)
    #expect(try await reopened.append(leased, under: second).epoch == 2)
    #expect(try await reopened.append(leased, under: other).epoch == 3)
    let records = try await reopened.leases()
    #expect(records.map(\.scope) == ["dr", "lab", "production"])
    #expect(records.map(\.epoch) == [2, 3, 1])
    #expect(records.map(\.tenure?.holder.user) == ["bob", "cid", nil])
    try reopened.close()
  }

  @Test func refusesASecondHolderAndNamesTheFirst() async throws {
    let journal = try open()
    _ = try await acquire(["dr"], "ann", in: journal)
    do {
      _ = try await acquire(["dr"], "bob", in: journal)
      Issue.record("two holders of one lease")
    } catch let error as JournalError {
      #expect(error.code == .leaseHeld)
      #expect(error.message.contains("dr is held by ann on ops-1, process 4711"))
      #expect(error.advice.contains("4711"))
    }
    try journal.close()
  }

  @Test func takesAllScopesOrNone() async throws {
    let journal = try open()
    let held = try await acquire(["production"], "ann", in: journal)
    let code = await journalCode {
      _ = try await acquire(["dr", "production"], "bob", in: journal)
    }
    #expect(code == .leaseHeld)
    #expect(try await journal.leases().map(\.scope) == ["production"])
    try await journal.append(leased, under: held)
    #expect(try await acquire(["dr"], "bob", in: journal).epoch == 2)
    try journal.close()
  }

  /// The one that was thought dead wakes up.
  @Test func fencesAnOldEpoch() async throws {
    let (old, new) = (try open(), try open())
    let lost = try await acquire(["dr", "production"], "ann", in: old)
    try await old.append(leased, under: lost)
    liveness["ann"] = .dead
    // Taking over one scope of two is enough: what ann may not do on one, she may not do at all.
    let taken = try await acquire(["dr"], "bob", in: new)
    #expect(taken.replaced == [holder("ann")])
    liveness["ann"] = .alive

    let head = try await new.head()
    #expect(await journalCode { try await old.append(leased, under: lost) } == .leaseLost)
    #expect(await journalCode { _ = try await old.renew(lost, until: now) } == .leaseLost)
    #expect(await journalCode { try await old.release(lost) } == .leaseLost)
    #expect(try await new.head() == head)
    try await new.append(leased, under: taken)
    #expect(try await old.entries().collect().map(\.epoch) == [1, 2])
    try old.close()
    try new.close()
  }

  @Test func fencesAReleasedLease() async throws {
    let journal = try open()
    let lease = try await acquire(["dr"], "ann", in: journal)
    try await journal.release(lease)
    #expect(await journalCode { try await journal.append(leased, under: lease) } == .leaseLost)
    #expect(try await journal.head().size == 0)
    try journal.close()
  }

  @Test func demandsALease() async throws {
    let journal = try open()
    let drafts = [EntryDraft.sample(0), leased]
    #expect(await journalCode { try await journal.append(drafts, under: nil) } == .leaseRequired)
    #expect(try await journal.head().size == 0)
    #expect(try await journal.append(.sample(0), under: nil).epoch == 0)
    try journal.close()
  }

  @Test func waitsForTheExpiryOfWhomItCannotSee() async throws {
    let journal = try open()
    liveness["ann"] = .unknown
    let lease = try await acquire(["dr"], "ann", in: journal)
    let end = lease.expiresAt
    #expect(
      await journalCode { _ = try await acquire(["dr"], "bob", in: journal, at: end) } == .leaseHeld
    )

    let renewed = try await journal.renew(lease, until: end.advanced(by: .seconds(1)))
    let after = end.advanced(by: .microseconds(1))
    #expect(
      await journalCode { _ = try await acquire(["dr"], "bob", in: journal, at: after) }
        == .leaseHeld)
    // Expiry alone takes nothing away: until someone else has it, the holder may write.
    try await journal.append(leased, under: renewed)

    let later = renewed.expiresAt.advanced(by: .microseconds(1))
    let taken = try await acquire(["dr"], "bob", in: journal, at: later)
    #expect(taken.epoch == 2)
    #expect(await journalCode { try await journal.append(leased, under: renewed) } == .leaseLost)
    try journal.close()
  }

  /// A holder that is seen to run keeps its lease, however late it is with renewing.
  @Test func doesNotExpireForOneThatIsSeenAlive() async throws {
    let journal = try open()
    let lease = try await acquire(["dr"], "ann", in: journal)
    let later = lease.expiresAt.advanced(by: .seconds(3600))
    #expect(
      await journalCode { _ = try await acquire(["dr"], "bob", in: journal, at: later) }
        == .leaseHeld)
    try journal.close()
  }

  @Test func goesToOneOfManyThatRace() async throws {
    for round in 0..<20 {
      let scope = "site-\(round)"
      let handles = [try open(), try open()]
      let winners = try await withThrowingTaskGroup(of: Lease?.self) { group in
        for racer in 0..<6 {
          group.addTask {
            do {
              return try await acquire([scope], "racer-\(racer)", in: handles[racer % 2])
            } catch let error as JournalError where error.code == .leaseHeld {
              return nil
            }
          }
        }
        return try await group.compactMap { $0 }.reduce(into: []) { $0.append($1) }
      }
      #expect(winners.count == 1)
      #expect(winners.first?.epoch == round + 1)
      for handle in handles { try handle.close() }
    }
  }
}

/// Locked, because the store asks on its own thread.
final class LivenessByUser: Sendable {
  private let answers = Mutex<[String: Liveness]>([:])

  subscript(user: String) -> Liveness {
    get { answers.withLock { $0[user] ?? .alive } }
    set { answers.withLock { $0[user] = newValue } }
  }
}
