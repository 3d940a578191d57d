import Testing

@testable import LabScheduler

@Suite("What a site does about the other's shipments")
struct FollowDecisionTests {
  struct Case: CustomTestStringConvertible {
    let testDescription: String
    let own: ReplicationState
    var offered: ShippedHead?
    var partnerEpoch: Int64 = 0
    let expected: FollowDecision
  }

  private static func own(
    _ role: Role, _ epoch: Int64, _ position: Int64, demoted: (Int64, Int64?)? = nil
  ) -> ReplicationState {
    ReplicationState(
      role: role, at: LinePosition(epoch: epoch, position: position),
      asOf: Timestamp(milliseconds: 1000), sourceSite: "here", drainedPosition: nil, base: nil,
      demotedEpoch: demoted?.0, demotedPosition: demoted?.1)
  }

  private static func head(
    _ epoch: Int64, _ position: Int64, asOf: Int64 = 1000, base: (Int64, Int64)? = nil
  ) -> ShippedHead {
    ShippedHead(
      epoch: epoch, position: position, asOf: Timestamp(milliseconds: asOf), sha256: "",
      file: "", sourceSite: "there", baseEpoch: base?.0, basePosition: base?.1)
  }

  static let cases: [Case] = [
    Case(testDescription: "nothing shipped", own: own(.replica, 1, 0), expected: .nothing),
    Case(
      testDescription: "a later position", own: own(.replica, 1, 4), offered: head(1, 5),
      expected: .apply(keepOwn: false)),
    Case(
      testDescription: "a later epoch, although the position is lower", own: own(.replica, 1, 9),
      offered: head(2, 5), expected: .apply(keepOwn: false)),
    Case(
      testDescription: "an earlier epoch, although the position is higher",
      own: own(.replica, 2, 4), offered: head(1, 50), expected: .nothing),
    Case(
      testDescription: "an earlier position", own: own(.replica, 1, 4), offered: head(1, 3),
      expected: .nothing),
    Case(
      testDescription: "the same, fresher", own: own(.replica, 1, 4),
      offered: head(1, 4, asOf: 1001), expected: .refresh),
    Case(
      testDescription: "the same, as fresh", own: own(.replica, 1, 4), offered: head(1, 4),
      expected: .nothing),
    Case(
      testDescription: "a primary sees an older epoch", own: own(.primary, 2, 4),
      offered: head(1, 50), partnerEpoch: 1, expected: .nothing),
    Case(
      testDescription: "a primary sees a newer epoch", own: own(.primary, 1, 4),
      offered: head(2, 5), partnerEpoch: 2, expected: .stepDown),
    Case(
      testDescription: "a draining source sees a newer epoch that has shipped nothing",
      own: own(.draining, 1, 4), partnerEpoch: 2, expected: .stepDown),
    Case(
      testDescription: "two primaries of one epoch", own: own(.primary, 2, 4),
      offered: head(2, 5), partnerEpoch: 2, expected: .conflict),
    Case(
      testDescription: "a former primary and its own old epoch",
      own: own(.replica, 1, 4, demoted: (1, nil)), offered: head(1, 50), partnerEpoch: 1,
      expected: .nothing),
    Case(
      testDescription: "a former primary with unshipped work, further than the new line",
      own: own(.replica, 1, 90, demoted: (1, nil)), offered: head(2, 50, base: (1, 49)),
      partnerEpoch: 2, expected: .apply(keepOwn: true)),
    Case(
      testDescription: "a drained source whose work is all in the new line",
      own: own(.replica, 2, 49, demoted: (1, 49)), offered: head(2, 50, base: (1, 49)),
      partnerEpoch: 2, expected: .apply(keepOwn: false)),
    Case(
      testDescription: "a drained source, but the new line began before its end",
      own: own(.replica, 2, 49, demoted: (1, 49)), offered: head(2, 50, base: (1, 48)),
      partnerEpoch: 2, expected: .apply(keepOwn: true)),
  ]

  @Test(arguments: cases)
  func decides(_ example: Case) {
    let decision = FollowDecision(
      own: example.own, offered: example.offered, partnerEpoch: example.partnerEpoch)
    #expect(decision == example.expected)
  }
}
