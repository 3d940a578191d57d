import Testing

@testable import Journal
@testable import Review

@Suite("What a report measures")
struct ReportMeasureTests {
  // MARK: - Recovery time

  @Test("recovery counts from the declared start to verified control, not to the run's end")
  func declared() throws {
    var entries = ReportEntries()
    try entries.begin(disaster: -30)
    try entries.failOver()
    let recovery = try #require(try entries.report().recovery)
    #expect(recovery.ms == 50_000)
    #expect(recovery.source == .declared)
    #expect(recovery.verdict == .met)
    #expect(recovery.spent.first == Spent(activity: .before, ms: 30_000))
    #expect(recovery.spent.reduce(0) { $0 + $1.ms } == 50_000)
  }

  @Test("over the objective is missed")
  func missed() throws {
    var entries = ReportEntries()
    try entries.begin(rto: "49s", disaster: -30)
    try entries.failOver()
    let report = try entries.report()
    #expect(report.recovery?.verdict == .missed)
    #expect(report.has("rto_missed"))
  }

  @Test(
    "without a declared start the last heartbeat of the other server counts; the own one doesn't")
  func heartbeat() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    let rows: JSON = [
      ["guid": "{A}", "heartbeat_at": ReportEntries.text(-9)],
      ["guid": "dr-own", "heartbeat_at": ReportEntries.text(-1)],
    ]
    try entries.intend(
      2, "reverse",
      seeing: [
        ReportEntries.fact("scheduler@dr", "failover_rows", rows),
        ReportEntries.fact("dr.scheduler", "guid", "{DR-OWN}"),
      ])
    try entries.end(13, "reverse")
    try entries.start(14, "control")
    try entries.end(20, "control", .ok)
    try entries.finish(21)
    let recovery = try #require(try entries.report().recovery)
    #expect(recovery.source == .heartbeat)
    #expect(recovery.ms == 29_000)
    #expect(recovery.explanation.contains("may have lived a little longer"))
  }

  @Test(
    "a heartbeat after the run's start says nothing of a loss before it, nor does one of a switchover"
  )
  func heartbeatThatDoesNotCount() throws {
    for (type, beat) in [("failover", 1.5), ("switchover", -9)] {
      var entries = ReportEntries()
      try entries.begin(type: type)
      let rows: JSON = [["guid": "a", "heartbeat_at": ReportEntries.text(beat)]]
      try entries.start(1, "reverse")
      try entries.intend(
        2, "reverse", seeing: [ReportEntries.fact("scheduler@dr", "failover_rows", rows)])
      try entries.end(13, "reverse")
      try entries.finish(14)
      #expect(try entries.report().recovery?.source == .runStarted)
    }
  }

  @Test("with neither it counts from the run's start, and says so")
  func runStart() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.failOver()
    let report = try entries.report()
    #expect(report.recovery?.ms == 20_000)
    #expect(report.recovery?.source == .runStarted)
    #expect(report.has("start_not_declared"))
  }

  @Test("control that isn't verified is no recovery, whatever else is done")
  func notReached() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.end(13, "reverse")
    try entries.start(14, "control")
    try entries.end(20, "control", .failed)
    try entries.finish(21, .failed)
    let report = try entries.report()
    #expect(report.recovery?.verdict == .notReached)
    #expect(report.recovery?.ms == nil)
    #expect(report.has("not_recovered"))
  }

  @Test("a later sitting that only looks again doesn't move the end of recovery")
  func lookedAtAgain() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.intend(2, "reverse")
    try entries.end(10, "reverse")
    try entries.start(11, "control")
    try entries.end(20, "control", .ok)
    try entries.resume(5000)
    try entries.start(5001, "control")
    try entries.end(5002, "control", .ok)
    try entries.finish(5003)
    #expect(try entries.report().recovery?.ms == 20_000)
  }

  @Test("a run that changed nothing recovered nothing")
  func nothingChanged() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.end(2, "reverse", .ok)
    try entries.start(3, "control")
    try entries.end(4, "control", .ok)
    try entries.finish(5)
    let report = try entries.report()
    #expect(report.recovery?.verdict == .notMeasured)
    #expect(report.recovery?.ms == nil)
    #expect(report.dataLoss.first?.verdict == .noPromotion)
  }

  // MARK: - Data loss

  @Test(
    "ungraceful: at most from the boundary to the promotion",
    arguments: [(8.0, 4000), (2.0, 10_000)])
  func loss(asOf: Double, atMost: Int) throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.failOver(asOf: asOf)
    let report = try entries.report()
    let loss = try #require(report.dataLoss.first)
    #expect(loss.atMostMs == atMost)
    #expect(loss.verdict == (atMost <= 5000 ? .met : .mayExceed))
    #expect(report.has("rpo_may_exceed") == (atMost > 5000))
    #expect(
      loss.terms.contains { $0.name == "position" && $0.value == 7 && $0.source == "evidence" })
  }

  @Test("who consented to more than the objective is named")
  func consent() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.ask(0.5, "reverse", "consent")
    try entries.answer(0.6, "reverse", "consent", words: "lose it")
    try entries.failOver(asOf: 2)
    let report = try entries.report()
    #expect(report.dataLoss.first?.consents.map(\.words) == ["lose it"])
    let item = try #require(report.attention.first { $0.code == "rpo_may_exceed" })
    #expect(item.level == .caution)
    #expect(item.text.contains("anna"))
  }

  @Test("graceful: nothing, when the promotion's own account is there; else not known")
  func graceful() throws {
    for isWritten in [true, false] {
      var entries = ReportEntries()
      try entries.begin(mode: "graceful")
      try entries.start(1, "reverse")
      try entries.intend(
        2, "reverse",
        seeing: [
          ReportEntries.fact("scheduler@dr", "role", "replica"),
          ReportEntries.fact("scheduler@dr", "exposure_ms", 10),
        ])
      if isWritten {
        try entries.act(3, "reverse", ["promoted": "scheduler@dr", "mode": "graceful"])
      }
      try entries.end(4, "reverse", seeing: [ReportEntries.fact("scheduler@dr", "role", "primary")])
      try entries.finish(5)
      let report = try entries.report()
      #expect(report.dataLoss.first?.verdict == (isWritten ? DataLoss.Verdict.none : .notKnown))
      #expect(report.has("loss_not_known") == !isWritten)
    }
  }

  @Test("an ungraceful promotion without its own account: bounded by what was seen before")
  func lostEvidence() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.intend(
      2, "reverse",
      seeing: [
        ReportEntries.fact("scheduler@dr", "role", "replica"),
        ReportEntries.fact("scheduler@dr", "as_of", ReportEntries.text(1)),
        ReportEntries.fact("scheduler@dr", "exposure_ms", 10),
      ])
    try entries.resume(30)
    try entries.start(31, "reverse")
    try entries.end(32, "reverse", seeing: [ReportEntries.fact("scheduler@dr", "role", "primary")])
    try entries.finish(33)
    let loss = try #require(try entries.report().dataLoss.first)
    #expect(loss.atMostMs == 31_000)
    #expect(loss.explanation.contains("acting left no word"))
  }

  // MARK: - Time

  @Test("every millisecond is spent on one thing, and they add up")
  func addsUp() throws {
    var entries = ReportEntries()
    try entries.begin()
    try entries.start(1, "reverse")
    try entries.ask(2, "reverse")
    try entries.answer(5, "reverse")
    try entries.intend(6, "reverse")
    try entries.act(16, "reverse")
    try entries.end(18, "reverse")
    try entries.start(19, "control")
    try entries.ask(20, "control")
    try entries.end(20, "control", .waiting)
    try entries.finish(20, .waiting)
    try entries.resume(100)
    try entries.start(100, "control")
    try entries.end(101, "control", .ok)
    try entries.finish(101)
    let report = try entries.report()
    #expect(report.time.totalMs == 101_000)
    #expect(report.time.spent.reduce(0) { $0 + $1.ms } == 101_000)
    #expect(report.spent(.acting) == 10_000)
    #expect(report.spent(.people) == 83_000)
    #expect(report.spent(.between) == 1000)
    #expect(report.spent(.probing) == 7000)
    #expect(
      report.steps[1].spans.contains(
        Span(activity: .people, fromMs: 20_000, toMs: 100_000, attempt: nil)))
  }

  @Test("a long wait is drawn short, and the rest keeps its order")
  func scale() throws {
    let spans = [
      Span(activity: .acting, fromMs: 0, toMs: 10, attempt: nil),
      Span(activity: .stopped, fromMs: 10, toMs: 100_000, attempt: nil),
      Span(activity: .acting, fromMs: 100_000, toMs: 100_010, attempt: nil),
    ]
    let scale = Scale(TimeSpent(totalMs: 100_010, spent: [], spans: spans))
    #expect(scale.breaks.count == 1)
    #expect(scale.percent(at: 0) == 0)
    #expect(scale.percent(at: 10) == 46)
    #expect(scale.percent(at: 100_000) == 54)
    #expect(scale.percent(at: 100_010) == 100)
  }

  @Test("the critical path leaves out what nobody waited for")
  func criticalPath() throws {
    var entries = ReportEntries()
    try entries.begin(depends: [:])
    try entries.start(1, "reverse")
    try entries.start(1, "control")
    try entries.end(3, "reverse", .ok)
    try entries.end(9, "control", .ok)
    try entries.finish(10)
    #expect(try entries.report().criticalPath == [CriticalStep(step: "control", ms: 9000)])
  }
}
