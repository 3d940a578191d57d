public import Runbook

extension ActionCatalogue {
  /// Every action that runbooks may use. A new one is its file and a line here.
  public static let standard = ActionCatalogue([
    FailoverInControl.self,
    FailoverNoForeignGUID.self,
    FailoverTruncate.self,
    ReplicationLag.self,
    ReplicationReverse.self,
    ServiceStart.self,
    ServiceStatus.self,
    ServiceStop.self,
  ])
}
