public import Runbook

extension ActionCatalogue {
  /// Every action that runbooks may use. A new one is its file and a line here.
  public static let standard = ActionCatalogue([
    CommandRun.self,
    DatabaseAccounts.self,
    DatabaseFence.self,
    DatabaseWritable.self,
    FailoverInControl.self,
    FailoverNoForeignGUID.self,
    FailoverTruncate.self,
    FenceAttest.self,
    FenceCommand.self,
    GateApproval.self,
    GateAttest.self,
    HTTPCheck.self,
    HTTPRequestAction.self,
    HostClock.self,
    HostGUID.self,
    HostTools.self,
    PathDirectory.self,
    PathShared.self,
    PermitAsked.self,
    ReplicationLag.self,
    ReplicationRejoin.self,
    ReplicationReverse.self,
    ReplicationStatus.self,
    SQLRun.self,
    ServiceStart.self,
    ServiceStatus.self,
    ServiceStop.self,
    WaitUntil.self,
    WitnessCheck.self,
  ])
}
